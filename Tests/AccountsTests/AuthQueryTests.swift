import MySQLWire
import Testing

@testable import Accounts

@Suite("Asking a server for its accounts")
struct AuthQueryTests {
    static func query(_ version: String) -> AuthQuery {
        AuthQuery(
            greeting: Greeting(
                serverVersion: version, connectionID: 1, scramble: [], capabilities: [.longPassword], collation: 45,
                status: [], authMethod: ""))
    }

    let mariadb = query("5.5.5-10.11.19-MariaDB")
    let mysql = query("8.4.2")
    let hash = "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7"
    let secrets = Secrets("secret")

    /// A row as the server sends it.
    func row(
        _ user: String, _ host: String, _ plugin: String? = "mysql_native_password", _ text: String? = nil,
        locked: String = "0", expired: String = "0", me: String = "proxy.example", others: [String?] = []
    ) -> [[UInt8]?] {
        let secret = Hexadecimal.encode(bytes(text ?? hash))
        let fields = [me, Hexadecimal.encode(bytes(user)), host, locked, expired, plugin, secret] + others
        return fields.map { $0.map(bytes) }
    }

    func account(_ rows: [[UInt8]?]..., address: String = "10.1.2.3") -> Account? {
        mariadb.account(user: "alice", rows: rows, proxyAddress: address)
    }

    @Test("the table is the server's, and no user name ends the statement")
    func text() {
        #expect(mariadb.text(user: "a").contains("FROM mysql.global_priv WHERE User IN (X'61', X'')"))
        #expect(mysql.text(user: "a").hasSuffix("FROM mysql.user WHERE User IN (X'61', X'')"))
        for evil in ["' OR 1=1 -- ", "\\", "\0", "'; DROP TABLE x", "ü"] {
            let text = mysql.text(user: evil)
            #expect(text.contains("X'\(Hexadecimal.encode(evil.utf8))'") && !text.contains(evil))
        }
    }

    @Test("a row becomes an account by its plugin")
    func plugins() throws {
        #expect(account(row("alice", "%")) == Account(user: "alice", verifier: secrets.native))
        #expect(account(row("alice", "%", "", hash))?.verifier == secrets.native)
        #expect(account(row("alice", "%", "mysql_native_password", ""))?.verifier == .password([]))
        let key = "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY"
        #expect(account(row("alice", "%", "ed25519", key))?.verifier == secrets.ed25519)
        let crypt = SHA2Crypt(password: secrets.password, salt: bytes("0123456789abcdefghij"))
        let text = String(decoding: crypt.text, as: UTF8.self)
        let sha2 = account(row("alice", "%", "caching_sha2_password", text))
        #expect(sha2?.verifier == .cachingSHA2(crypt, fast: nil))
    }

    @Test("what can't be checked here becomes an account that says why nobody gets in")
    func unusable() {
        let pam = account(row("alice", "%", "pam", ""))
        #expect(pam?.verifier == Verifier.none)
        #expect(
            pam?.denial == "'alice'@'%' logs in by pam with no password stored that the proxy can check")
        #expect(account(row("alice", "%", nil, "invalid"))?.verifier == Verifier.none)
        #expect(account(row("alice", "%", locked: "1"))?.denial?.contains("locked") == true)
        #expect(account(row("alice", "%", expired: "1"))?.denial?.contains("expired") == true)
    }

    @Test("of an account's methods it is native, whose answers open the server, then the first that can be checked")
    func alternatives() {
        let key = "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY"
        let keyHex = Hexadecimal.encode(key.utf8)
        let hashHex = Hexadecimal.encode(hash.utf8)
        // As MariaDB has it, the account's own method stands in the list as an object without members.
        let root = account(row("alice", "%", nil, "invalid", others: [nil, nil, "unix_socket", nil]))
        let methods = "mysql_native_password or unix_socket"
        #expect(
            root?.denial == "'alice'@'%' logs in by \(methods) with no password stored that the proxy can check")
        #expect(
            account(row("alice", "%", "unix_socket", "", others: [nil, nil, "ed25519", keyHex]))?.verifier
                == secrets.ed25519)
        let both: [String?] = ["mysql_native_password", hashHex, nil, nil]
        #expect(account(row("alice", "%", "ed25519", key, others: both))?.verifier == secrets.native)
    }

    @Test("of several hosts it is the one that the server would take for the proxy")
    func hosts() {
        func host(_ hosts: String..., address: String = "10.1.2.3") -> String? {
            let rows = hosts.map { row("alice", $0, locked: "1") }
            let denial = mariadb.account(user: "alice", rows: rows, proxyAddress: address)?.denial
            return denial?.split(separator: "'").dropFirst(3).first.map(String.init)
        }
        #expect(host("%", "10.%", "10.1.%") == "10.1.%")
        #expect(host("10.1.2.3", "10.1.2._", "%") == "10.1.2.3")
        #expect(host("%", "192.168.%") == "%")
        #expect(host("10.0.0.0/255.0.0.0", "10.1.0.0/16", "10.1.2.%") == "10.1.0.0/16")
        #expect(host("%.example", "%") == "%.example", "the server knows the proxy by name")
        #expect(host("PROXY.example", "10.1.2.%") == "PROXY.example")
        #expect(host("%", "localhost", address: "localhost") == "localhost")
        #expect(host("", "%", "%.5") == "%")
    }

    @Test("an account for other hosts only is denied, and the log names them")
    func otherHosts() {
        let denied = account(row("alice", "localhost"), row("alice", "10.1.3.%"))
        #expect(
            denied?.denial
                == "the server has the account for 'localhost', '10.1.3.%' only, where the proxy's 10.1.2.3 isn't")
        #expect(denied?.verifier == Verifier.none)
        #expect(account(row("", "localhost")) == nil)
        #expect(account() == nil)
    }

    @Test("an account without a name is for all, ahead of named ones for more hosts only")
    func anonymous() {
        #expect(account(row("", "%", nil, ""), row("alice", "%"))?.verifier == secrets.native)
        #expect(account(row("", "10.1.2.3", nil, ""), row("alice", "%"))?.verifier == .password([]))
    }

    @Test("rows of another shape are passed over")
    func malformed() {
        #expect(account([], [nil], Array(repeating: nil, count: 7)) == nil)
        #expect(account(Array(repeating: bytes("x"), count: 16)) == nil)
    }

    @Test(
        "hosts match as MySQL's manual tells",
        arguments: [
            ("%", "", true), ("a%c", "abbbc", true), ("a%c", "abbb", false), ("%b%d", "abcd", true),
            ("a_c", "abc", true), ("a_c", "ac", false), (#"a\_c"#, "a_c", true), (#"a\_c"#, "abc", false),
            ("192.168.1.0/255.255.255.0", "192.168.1.77", true), ("192.168.1.0/255.255.255.0", "192.168.2.1", false),
            ("0.0.0.0/0", "1.2.3.4", true), ("1.2.3.4/32", "1.2.3.4", true), ("1.2.3.4/33", "1.2.3.4", false),
            ("10.0.0.0/8", "host", false), ("::1", "::1", true), ("%", "fe80::1", true), ("", "any", true),
        ])
    func patterns(pattern: String, host: String, matches: Bool) {
        #expect(HostPattern(pattern).matches(host) == matches)
    }
}
