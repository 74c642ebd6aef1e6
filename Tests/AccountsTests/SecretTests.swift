import MySQLWire
import Testing

@testable import Accounts

@Suite("Stored secrets")
struct SecretTests {
    @Test("SHA-crypt agrees with crypt(3)")
    func shaCrypt() {
        let crypt = SHA2Crypt.crypt(bytes("sesame"), salt: bytes("abcdefghijklmnop"), rounds: 5000)
        #expect(String(decoding: crypt, as: UTF8.self) == "yxGxpU6yeNoWYOIfXUi1WL2HCl7sKsYNuOsaePZoyS2")
        let long = bytes("a much longer password of more than thirty-two bytes, to be sure")
        let other = SHA2Crypt.crypt(long, salt: bytes("aB"), rounds: 5000)
        #expect(String(decoding: other, as: UTF8.self) == "YyfPs9k0uHc/.CFdoPUg58PyKE59rSXqWNaSHPJ.RJB")
    }

    /// The example of hashcat's mode 7401, which a MySQL 8 server has made.
    static let hashcat =
        "$A$005$".utf8
        + (Hexadecimal.decode("F9CC98CE08892924F50A213B6BC571A2C11778C5".utf8) ?? [])
        + (Hexadecimal.decode(
            "625479393559393965414D45316477456B484F41316E64484742577A2E3162785353526B7554584647562F".utf8) ?? [])

    @Test("what MySQL 8 has stored for a password is accepted for it, and for no other")
    func mysqlCrypt() throws {
        let crypt = try #require(SHA2Crypt(Self.hashcat))
        #expect(crypt.kilorounds == 5 && crypt.salt.count == 20)
        #expect(crypt.accepts(bytes("hashcat")))
        #expect(!crypt.accepts(bytes("hashcats")) && !crypt.accepts([]))
        #expect(crypt.text == Array(Self.hashcat))
        #expect(SHA2Crypt(password: bytes("hashcat"), salt: crypt.salt) == crypt)
    }

    @Test("what isn't such a hash is refused", arguments: ["", "$A$005$short", "$A$000$", "$B$005$", "$A$xyz$"])
    func notCrypt(text: String) {
        #expect(SHA2Crypt(text.utf8 + repeatElement(65, count: 70 - text.utf8.count).dropLast(1)) == nil)
        #expect(SHA2Crypt(text.utf8) == nil)
    }

    @Test("MariaDB's own public keys follow from their passwords")
    func ed25519Key() throws {
        // SELECT ed25519_password('secret'), as the knowledge base shows it.
        let key = try #require(Ed25519.publicKey(password: bytes("secret")))
        #expect(Base64.encode(key) == "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY")
        #expect(StoredSecret.ed25519Key(bytes("ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY")) == key)
    }

    @Test("a signature is good for its message and key only", arguments: 0..<20)
    func ed25519Signature(round: UInt8) throws {
        let password = Array(repeating: round, count: Int(round) * 7)
        let message = try #require(Digest.random(32))
        let key = try #require(Ed25519.publicKey(password: password))
        let signature = try #require(Ed25519.sign(message, password: password))
        #expect(signature.count == 64)
        #expect(Ed25519.verify(signature, of: message, publicKey: key))
        #expect(!Ed25519.verify(signature, of: message + [0], publicKey: key))
        #expect(!Ed25519.verify(signature, of: message, publicKey: Array(key.reversed())))
        var forged = signature
        forged[Int(round)] ^= 1
        #expect(!Ed25519.verify(forged, of: message, publicKey: key))
        #expect(Ed25519.sign(message, password: password) == signature, "a signature has no chance in it")
    }

    @Test("nonsense in place of keys and signatures is refused")
    func ed25519Nonsense() {
        #expect(!Ed25519.verify([], of: [], publicKey: []))
        #expect(!Ed25519.verify(Array(repeating: 255, count: 64), of: [1], publicKey: Array(repeating: 255, count: 32)))
    }

    @Test("base 64 goes both ways, for every length and padded or not", arguments: 0..<40)
    func base64(count: UInt8) throws {
        let bytes = try #require(Digest.random(count))
        let text = Base64.encode(bytes)
        #expect(Base64.decode(text.utf8) == bytes)
        #expect(Base64.decode((text + String(repeating: "=", count: (4 - text.count % 4) % 4)).utf8) == bytes)
        #expect(Base64.decode((text + "-").utf8) == nil)
    }

    @Test("a fixed text of base 64")
    func base64Fixture() {
        #expect(Base64.encode(bytes("Millrace")) == "TWlsbHJhY2U")
        #expect(Base64.decode("TWlsbHJhY2V".utf8) == nil, "bits are left over")
    }

    @Test("a password goes through RSA and comes back, for its challenge and key only")
    func rsa() throws {
        let key = try #require(ServerKey.ofProcess)
        let challenge = try #require(Digest.scramble())
        let other = try #require(Digest.scramble())
        #expect(String(decoding: key.publicPEM, as: UTF8.self).hasPrefix("-----BEGIN PUBLIC KEY-----\n"))
        for password in ["", "secret", String(repeating: "long ", count: 40)] {
            let message = try #require(
                PublicKey.encrypt(bytes(password), challenge: challenge, pem: key.publicPEM))
            #expect(message.count == 256)
            #expect(key.decrypt(message, challenge: challenge) == bytes(password))
            #expect(key.decrypt(message, challenge: other) != bytes(password))
        }
        #expect(key.decrypt(Array(repeating: 7, count: 256), challenge: challenge) == nil)
        #expect(key.decrypt([], challenge: challenge) == nil)
        #expect(PublicKey.encrypt(bytes("x"), challenge: challenge, pem: bytes("no key")) == nil)
        let long = Array(repeating: UInt8(65), count: 300)
        #expect(PublicKey.encrypt(long, challenge: challenge, pem: key.publicPEM) == nil)
    }

    @Test("challenges have twenty bytes, none NUL or $, and never come twice", arguments: [false, true])
    func challenges(fromStore: Bool) throws {
        var source = ChallengeSource()
        let challenges = (0..<500).compactMap { _ in fromStore ? source.next() : Digest.scramble() }
        #expect(Set(challenges).count == 500)
        #expect(challenges.allSatisfy { $0.count == 20 && $0.allSatisfy { $0 > 0 && $0 < 128 && $0 != 36 } })
    }

    @Test("a proof in a log shows no secret")
    func proofDescription() {
        let proof = Proof(password: bytes("topsecret"), sha1: [1, 2, 3])
        #expect("\(proof)" == "Proof(password, SHA1)")
        #expect(String(reflecting: proof) == "Proof(password, SHA1)")
        var dump = ""
        Swift.dump(proof, to: &dump)
        #expect(!dump.contains("116"), "the byte of 't'")
        let account = Account(user: "alice", verifier: .password(bytes("topsecret")), known: proof)
        Swift.dump(account, to: &dump)
        #expect(!dump.contains("116") && !"\(account)".contains("116"))
        #expect("\(account.verifier)" == "password")
    }
}

/// The text's bytes.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
