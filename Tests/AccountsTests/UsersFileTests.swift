import MySQLWire
import Testing

@testable import Accounts

@Suite("The file of users")
struct UsersFileTests {
    func parse(_ text: String) throws(UsersFileError) -> [Account] {
        try UsersFile.parse(bytes(text), path: "users.txt")
    }

    func problem(_ text: String) -> String {
        do throws(UsersFileError) {
            return "parsed: \(try parse(text))"
        } catch {
            return error.description
        }
    }

    @Test("passwords, comments, blank lines, escapes, and line ends of both kinds")
    func plain() throws {
        let accounts = try parse(
            "# the application\n\n  app:s3cret:with # and blanks \nnobody:\r\na\\:b\\\\c:x\n"
                + "  \t \n\\#hash:plain:*hidden\n \t# no user\n\ttab:Pa$$wort ÄÖ\r\n")
        #expect(accounts.map(\.user) == ["app", "nobody", #"a:b\c"#, "#hash", "tab"])
        let passwords = ["s3cret:with # and blanks ", "", "x", "*hidden", "Pa$$wort ÄÖ"]
        #expect(accounts.map(\.verifier) == passwords.map { .password(bytes($0)) })
        #expect(try parse("") == [] && parse("\n\n# x") == [])
    }

    @Test("hashes of every method, in the forms that servers print")
    func hashes() throws {
        let secret = Secrets("secret")
        let crypt = SHA2Crypt(password: secret.password, salt: bytes("0123456789abcdefghij"))
        let accounts = try parse(
            """
            native:*14E65567ABDB5135D0CFD9A70B3032C179A49EE7
            lower:*14e65567abdb5135d0cfd9a70b3032c179a49ee7
            text:\(String(decoding: crypt.text, as: UTF8.self))
            hex:0x\(Hexadecimal.encode(SecretTests.hashcat))
            ed:ed25519:ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY
            """)
        let hashcat = try #require(SHA2Crypt(SecretTests.hashcat))
        #expect(
            accounts.map(\.verifier) == [
                secret.native, secret.native, .cachingSHA2(crypt, fast: nil), .cachingSHA2(hashcat, fast: nil),
                secret.ed25519,
            ])
    }

    @Test("a password that only looks like a hash is one where it can't be a hash")
    func lookAlikes() throws {
        for text in ["*123", "*ZZE65567ABDB5135D0CFD9A70B3032C179A49EE7", "0xdead", "$A", "ed25519", "plain"] {
            #expect(try parse("u:\(text)").first?.verifier == .password(bytes(text)))
        }
        let hash = "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7"
        #expect(try parse("u:plain:\(hash)").first?.verifier == .password(bytes(hash)))
    }

    @Test("errors name file and line, what is wrong and what to do")
    func errors() {
        let hint = "a password that only looks like that is written 'plain:password'"
        #expect(
            problem("\n# x\nalice")
                == "users.txt:3: there is no ':' between user and secret; write 'user:secret', or '#' before a comment")
        #expect(
            problem("bob:1\nalice:1\n\nbob:2")
                == "users.txt:4: the user 'bob' stands in line 1 already; remove one of the two")
        #expect(
            problem(#"a\b:x"#)
                == #"users.txt:1: a backslash in a user name stands before ':', '#' or '\' only; write '\\'"#)
        #expect(problem("a\\").contains("a backslash in a user name"))
        #expect(
            problem("u:$A$005$short")
                == "users.txt:1: a hash of caching_sha2_password has 70 bytes and begins with '$A$005$', this has 12; "
                + "give it as 0x and SELECT HEX(authentication_string); \(hint)")
        #expect(problem("u:0x24412430zz") == "users.txt:1: behind '0x' stands what isn't hexadecimal; \(hint)")
        #expect(problem("u:ed25519:abc") == "users.txt:1: behind 'ed25519:' stand 43 characters of base 64; \(hint)")
    }

    @Test("bytes that aren't UTF-8 are refused in a name and kept in a password")
    func notUTF8() throws {
        #expect(throws: UsersFileError.self) { try UsersFile.parse([0xFF] + bytes(":x"), path: "u") }
        #expect(try UsersFile.parse(bytes("u:") + [0xFF], path: "u").first?.verifier == .password([0xFF]))
    }

    @Test("a file that others may touch is refused", arguments: [0o100_644, 0o604, 0o602, 0o601, 0o620, 0o666, 0o777])
    func openMode(mode: UInt32) {
        let error = #expect(throws: UsersFileError.self) { try UsersFile.check(mode: mode, path: "/etc/users") }
        #expect(error?.description.hasSuffix("; run: chmod 640 /etc/users") == true)
        #expect(error?.description.hasPrefix("/etc/users: ") == true)
    }

    @Test("a file of its owner and group is taken", arguments: [0o100_640, 0o600, 0o400, 0o440, 0o750])
    func closedMode(mode: UInt32) throws {
        try UsersFile.check(mode: mode, path: "/etc/users")
    }
}
