import COpenSSL
import MySQLWire
import Testing

enum OpenSSLHashes: HashFunctions {
    static func sha1(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 20)
        _ = SHA1(bytes, bytes.count, &digest)
        return digest
    }

    static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        _ = SHA256(bytes, bytes.count, &digest)
        return digest
    }
}

@Suite("Passwords")
struct PasswordTests {
    typealias Native = NativePassword<OpenSSLHashes>
    typealias Caching = CachingSHA2Password<OpenSSLHashes>
    let secret = Array("secret".utf8)

    @Test("mysql_native_password gives the known hash and answer")
    func native() {
        let stored = hex("14e65567abdb5135d0cfd9a70b3032c179a49ee7")
        let response = hex("1f44f306295a10870fd7895d358cb5f975d7d47f")
        #expect(Native.stored(secret) == stored)
        #expect(Native.response(password: secret, scramble: MySQL.scramble) == response)
        #expect(Native.check(response: response, scramble: MySQL.scramble, stored: stored))
    }

    @Test("an answer is made of the hash, and gives it away to who knows what is stored")
    func hashOfPassword() {
        let hash = OpenSSLHashes.sha1(secret)
        let response = Native.response(hash: hash, scramble: MySQL.scramble)
        #expect(response == Native.response(password: secret, scramble: MySQL.scramble))
        #expect(Native.hash(response: response, scramble: MySQL.scramble, stored: Native.stored(secret)) == hash)
    }

    @Test("caching_sha2_password gives the known hash and answer")
    func caching() {
        let stored = hex("3881219d087dd9c634373fd33dfa33a2cb6bfc6c520b64b8bb60ef2ceb534ae7")
        let response = hex("3e6e1d1225dfe8531b46e47caf897453dba8211b1e2fdca5e10ef0f98718b18e")
        #expect(Caching.stored(secret) == stored)
        #expect(Caching.response(password: secret, scramble: MySQL.scramble) == response)
        #expect(Caching.check(response: response, scramble: MySQL.scramble, stored: stored))
    }

    @Test("wrong, cut and empty answers are refused")
    func refused() {
        let good = Native.response(password: secret, scramble: MySQL.scramble)
        let other = Native.response(password: [0x78], scramble: MySQL.scramble)
        let stored = Native.stored(secret)
        for response in [other, [], good.dropLast(), good + [0]] {
            #expect(!Native.check(response: Array(response), scramble: MySQL.scramble, stored: stored))
        }
        #expect(!Native.check(response: good, scramble: Array(MySQL.scramble.reversed()), stored: stored))
        let sha = Caching.stored(secret)
        #expect(!Caching.check(response: good, scramble: MySQL.scramble, stored: sha))
        #expect(!Caching.check(response: [], scramble: MySQL.scramble, stored: sha))
    }

    @Test("no password needs an empty answer")
    func empty() {
        #expect(Native.response(password: [], scramble: MySQL.scramble).isEmpty)
        #expect(Native.check(response: [], scramble: MySQL.scramble, stored: []))
        #expect(!Native.check(response: [1], scramble: MySQL.scramble, stored: []))
        #expect(Caching.check(response: [], scramble: MySQL.scramble, stored: []))
    }

    @Test("secrets are the same only byte for byte")
    func constantTime() {
        #expect(constantTimeEqual([1, 2], [1, 2]))
        #expect(!constantTimeEqual([1, 2], [1, 3]))
        #expect(!constantTimeEqual([1, 2], [1]))
    }
}
