import MySQLWire
import Testing

@testable import Accounts

@Suite("A client's login, packet by packet")
struct ClientLoginTests {
    let scramble = bytes("abcdefghijklmnopqrst")
    let secrets = Secrets("s3cret")
    let capabilities: Capabilities = [.protocol41, .secureConnection, .pluginAuth]

    func request(_ response: [UInt8], method: String?, _ capabilities: Capabilities? = nil) -> LoginRequest {
        LoginRequest(
            capabilities: capabilities ?? self.capabilities, collation: 45, user: "bob", authResponse: response,
            authMethod: method)
    }

    func nativeResponse(_ challenge: [UInt8]) -> [UInt8] { secrets.proof.nativeResponse(challenge) ?? [] }

    func isDenied(_ step: ClientLogin.Step, _ reason: String) -> Bool {
        guard case .denied(let error, let given) = step else { return false }
        return error.code == 1045 && error.state == "28000" && given == reason
    }

    @Test("a client without CLIENT_PLUGIN_AUTH logs in by native, and can't by another method")
    func oldClient() {
        let old: Capabilities = [.protocol41, .secureConnection]
        var login = ClientLogin(scramble: scramble, host: "h")
        #expect(login.loginArrived(request(nativeResponse(scramble), method: nil, old)) == .lookUp(user: "bob"))
        #expect(
            login.accountFound(Account(user: "bob", verifier: secrets.native))
                == .accepted(secrets.sha1, sendFirst: nil))
        login = ClientLogin(scramble: scramble, host: "h")
        _ = login.loginArrived(request(nativeResponse(scramble), method: nil, old))
        let step = login.accountFound(Account(user: "bob", verifier: secrets.crypt))
        #expect(isDenied(step, "the client can't change to the account's caching_sha2_password"))
    }

    @Test(
        "a client that begins with what isn't spoken here is asked for what is",
        arguments: ["mysql_clear_password", "dialog", "", "client_ed25519"])
    func otherMethods(name: String) throws {
        var login = ClientLogin(scramble: scramble, host: "h")
        _ = login.loginArrived(request([], method: name))
        let step = login.accountFound(Account(user: "bob", verifier: .password(secrets.password)))
        guard case .send(let payload) = step else { Issue.record("\(step)"); return }
        let asked = try AuthSwitchRequest(decoding: payload.span)
        #expect(asked.method == (name == "client_ed25519" ? name : "mysql_native_password"))
        #expect(asked.scramble != scramble)
    }

    @Test("an answer to an old challenge is no answer to a new one")
    func replay() throws {
        var login = ClientLogin(scramble: scramble, host: "h")
        _ = login.loginArrived(request([], method: "dialog"))
        _ = login.accountFound(Account(user: "bob", verifier: secrets.native))
        #expect(isDenied(login.dataArrived(nativeResponse(scramble)), "the password is wrong"))
    }

    @Test("a password in the clear isn't taken where somebody could listen")
    func noClearPassword() {
        var login = ClientLogin(scramble: scramble, host: "h")
        _ = login.loginArrived(request(Array(repeating: 1, count: 32), method: "caching_sha2_password"))
        #expect(login.accountFound(Account(user: "bob", verifier: secrets.crypt)) == .send([1, 4]))
        let reason = "the client's password isn't encrypted with the proxy's key"
        #expect(isDenied(login.dataArrived(secrets.password + [0]), reason))
    }

    @Test("a client that has kept the key needn't ask for it")
    func keptKey() throws {
        var login = ClientLogin(scramble: scramble, host: "h")
        _ = login.loginArrived(request(Array(repeating: 1, count: 32), method: "caching_sha2_password"))
        _ = login.accountFound(Account(user: "bob", verifier: secrets.crypt))
        let key = try #require(ServerKey.ofProcess)
        let message = try #require(
            PublicKey.encrypt(secrets.password, challenge: scramble, pem: key.publicPEM))
        #expect(login.dataArrived(message) == .accepted(secrets.proof, sendFirst: nil))
    }

    @Test("a password longer than MySQL allows is wrong, not work")
    func longPassword() {
        let long = Secrets(String(repeating: "x", count: 257))
        var login = ClientLogin(scramble: scramble, host: "localhost", isSecure: true)
        _ = login.loginArrived(request(Array(repeating: 1, count: 32), method: "caching_sha2_password"))
        _ = login.accountFound(Account(user: "bob", verifier: long.crypt))
        #expect(isDenied(login.dataArrived(long.password + [0]), "the password is wrong"))
    }

    @Test("an empty packet, one byte or a flood of them is denied in every phase", arguments: [0, 1, 20, 64, 5000])
    func nonsense(count: Int) {
        for verifier in [secrets.native, secrets.crypt, secrets.ed25519] {
            var login = ClientLogin(scramble: scramble, host: "h")
            _ = login.loginArrived(request([], method: "dialog"))
            _ = login.accountFound(Account(user: "bob", verifier: verifier))
            var step = login.dataArrived(Array(repeating: 9, count: count))
            if case .send = step { step = login.dataArrived(Array(repeating: 9, count: count)) }
            guard case .denied = step else { Issue.record("\(verifier) took \(count) bytes: \(step)"); continue }
        }
    }

    @Test("packets that nobody asked for are refused")
    func outOfOrder() {
        var login = ClientLogin(scramble: scramble, host: "h")
        let refusal = ClientLogin.Step.denied(
            SQLError(code: 1156, state: "08S01", message: "Got packets out of order"),
            reason: "a packet nobody asked for")
        #expect(login.dataArrived([1]) == refusal)
        #expect(login.accountFound(nil) == refusal)
        _ = login.loginArrived(request([], method: nil))
        #expect(login.dataArrived([1]) == refusal)
    }

    // MARK: COM_CHANGE_USER

    func change(_ response: [UInt8], method: String? = "mysql_native_password") -> ChangeUserRequest {
        ChangeUserRequest(user: "carol", authResponse: response, collation: 45, authMethod: method)
    }

    @Test("a change of user answers the last challenge, or is asked again", arguments: [true, false])
    func changeUser(knowsChallenge: Bool) throws {
        var login = ClientLogin(scramble: scramble, host: "h")
        _ = login.loginArrived(request(nativeResponse(scramble), method: "mysql_native_password"))
        _ = login.accountFound(Account(user: "bob", verifier: secrets.native))
        let response = nativeResponse(knowsChallenge ? scramble : bytes("some other challenge"))
        #expect(login.changeUserArrived(change(response), capabilities: capabilities) == .lookUp(user: "carol"))
        var step = login.accountFound(Account(user: "carol", verifier: secrets.native))
        if !knowsChallenge {
            guard case .send(let payload) = step else { Issue.record("\(step)"); return }
            step = login.dataArrived(nativeResponse(try AuthSwitchRequest(decoding: payload.span).scramble))
        }
        #expect(step == .accepted(secrets.sha1, sendFirst: nil))
    }

    @Test("a change of user with a wrong password is asked once, then denied")
    func changeUserDenied() {
        var login = ClientLogin(scramble: scramble, host: "h")
        let wrong = Array(repeating: UInt8(7), count: 20)
        _ = login.changeUserArrived(change(wrong), capabilities: capabilities)
        guard case .send = login.accountFound(Account(user: "carol", verifier: secrets.native)) else {
            Issue.record("not asked again")
            return
        }
        #expect(isDenied(login.dataArrived(wrong), "the password is wrong"))
    }

    @Test("a change of user by caching_sha2 gets a new challenge ahead of the full exchange")
    func changeUserSHA2() throws {
        var login = ClientLogin(scramble: scramble, host: "h")
        let wrong = Array(repeating: UInt8(7), count: 32)
        _ = login.changeUserArrived(change(wrong, method: "caching_sha2_password"), capabilities: capabilities)
        let step = login.accountFound(Account(user: "carol", verifier: secrets.crypt))
        guard case .send(let payload) = step else { Issue.record("\(step)"); return }
        let challenge = try AuthSwitchRequest(decoding: payload.span).scramble
        #expect(login.dataArrived(wrong) == .send([1, 4]))
        guard case .send(let key) = login.dataArrived([2]) else { Issue.record("no key"); return }
        let message = try #require(
            PublicKey.encrypt(secrets.password, challenge: challenge, pem: Array(key.dropFirst())))
        #expect(login.dataArrived(message) == .accepted(secrets.proof, sendFirst: nil))
    }
}
