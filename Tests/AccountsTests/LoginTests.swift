import MySQLWire
import Testing

@testable import Accounts

@Suite("Client and server logins against each other")
struct LoginTests {
    let right = Secrets("s3cret")
    let wrong = Secrets("guess")
    let denied = "1045: Access denied for user 'alice'@'10.0.0.9' (using password: YES)"

    // MARK: mysql_native_password

    @Test("native: at once, and SHA1(password) is known after it")
    func native() throws {
        var rig = LoginRig(right.native)
        #expect(try rig.logIn(right.proof) == .loggedIn(right.sha1))
        #expect(rig.transcript == ["mysql_native_password", "look up alice"])
    }

    @Test("native: what a login has shown is enough for the next server")
    func nativeOnwards() throws {
        var rig = LoginRig(right.native)
        #expect(try rig.logIn(right.sha1) == .loggedIn(right.sha1))
        #expect(try rig.logIn(wrong.sha1) == .denied(reason: "the password is wrong"))
        #expect(rig.transcript == ["mysql_native_password", "look up alice", denied])
    }

    @Test("native: a client that begins with caching_sha2_password is asked again")
    func nativeSwitched() throws {
        var rig = LoginRig(right.native)
        rig.greetingMethod = .cachingSHA2
        #expect(try rig.logIn(right.proof) == .loggedIn(right.sha1))
        #expect(
            rig.transcript == [
                "caching_sha2_password", "look up alice", "switch to mysql_native_password, 21 bytes", "20 bytes",
            ])
    }

    // MARK: caching_sha2_password

    @Test("caching_sha2: the fast path, and SHA256(password) is known after it", arguments: [false, true])
    func fast(begins: Bool) throws {
        var rig = LoginRig(right.fast)
        rig.greetingMethod = begins ? .cachingSHA2 : .native
        #expect(try rig.logIn(right.proof) == .loggedIn(right.sha256))
        let asked = ["switch to caching_sha2_password, 21 bytes", "32 bytes"]
        #expect(
            rig.transcript == [rig.greetingMethod.name, "look up alice"] + (begins ? [] : asked) + ["more data 3"])
        #expect(try rig.logIn(right.sha256) == .loggedIn(right.sha256))
    }

    @Test("caching_sha2: the full exchange by RSA, and the password is known after it")
    func full() throws {
        var rig = LoginRig(right.crypt)
        rig.greetingMethod = .cachingSHA2
        let exchange = ["caching_sha2_password", "look up alice", "more data 4", "key, please", "key", "256 bytes"]
        #expect(try rig.logIn(right.proof) == .loggedIn(right.proof))
        #expect(rig.transcript == exchange)
        #expect(try rig.logIn(wrong.proof) == .denied(reason: "the password is wrong"))
        #expect(rig.transcript == exchange + [denied])
    }

    @Test("caching_sha2: on a Unix socket the password goes as it is")
    func fullSecure() throws {
        var rig = LoginRig(right.crypt)
        rig.isSecure = true
        rig.greetingMethod = .cachingSHA2
        #expect(try rig.logIn(right.proof) == .loggedIn(right.proof))
        #expect(rig.transcript == ["caching_sha2_password", "look up alice", "more data 4", "7 bytes"])
        #expect(try rig.logIn(wrong.proof) == .denied(reason: "the password is wrong"))
    }

    @Test("caching_sha2: an account that remembers its login takes the fast path and still proves the password")
    func remembering() throws {
        let account = Account(user: "alice", verifier: right.crypt)
        var rig = LoginRig(account.remembering(right.proof))
        rig.greetingMethod = .cachingSHA2
        let known = Proof(password: right.password, sha256: Digest.sha256(right.password))
        #expect(try rig.logIn(right.proof) == .loggedIn(known))
        #expect(rig.transcript == ["caching_sha2_password", "look up alice", "more data 3"])
        #expect(try rig.logIn(wrong.proof) == .denied(reason: "the password is wrong"))
    }

    @Test("caching_sha2: who knows the hash only can't go through the full exchange, and is told what is missing")
    func missingPassword() throws {
        var rig = LoginRig(right.crypt)
        rig.greetingMethod = .cachingSHA2
        let outcome = try rig.logIn(right.sha256)
        #expect(
            outcome
                == .gaveUp(
                    "1045: The server wants user 'alice' to log in by caching_sha2_password, for which the proxy lacks"
                        + " the password; give it as 'alice:password' in the file of --funnel-users-file"))
    }

    // MARK: client_ed25519

    @Test("ed25519: a signature over a challenge of its own")
    func ed25519() throws {
        var rig = LoginRig(right.ed25519)
        let exchange = ["mysql_native_password", "look up alice", "switch to client_ed25519, 32 bytes", "64 bytes"]
        #expect(try rig.logIn(right.proof) == .loggedIn(Proof()))
        #expect(rig.transcript == exchange)
        #expect(try rig.logIn(wrong.proof) == .denied(reason: "the password is wrong"))
        #expect(rig.transcript == exchange + [denied])
        guard case .gaveUp(let text) = try rig.logIn(right.sha1) else { Issue.record("it went on"); return }
        #expect(text.contains("client_ed25519, for which the proxy lacks the password"))
    }

    // MARK: Any method

    @Test("a known password is checked by the method that the client begins with", arguments: [true, false])
    func plaintext(isNative: Bool) throws {
        var rig = LoginRig(.password(right.password))
        rig.greetingMethod = isNative ? .native : .cachingSHA2
        guard case .loggedIn(let proof) = try rig.logIn(right.proof) else { Issue.record("denied"); return }
        #expect(proof.password == right.password)
        #expect(rig.transcript.count == (isNative ? 2 : 3))
        #expect(try rig.logIn(wrong.proof) == .denied(reason: "the password is wrong"))
    }

    @Test("the empty password is for those who give none", arguments: [LoginMethod.native, .cachingSHA2])
    func empty(method: LoginMethod) throws {
        var rig = LoginRig(.password([]))
        rig.greetingMethod = method
        #expect(try rig.logIn(Proof(password: [])) == .loggedIn(Proof(password: [])))
        #expect(rig.transcript == [method.name, "look up alice"])
        guard case .denied = try rig.logIn(wrong.proof) else { Issue.record("let in"); return }
    }

    @Test("no password where one is needed is denied, and the error says so", arguments: LoginMethod.allCases)
    func missing(method: LoginMethod) throws {
        var rig = LoginRig(method == .native ? right.native : method == .ed25519 ? right.ed25519 : right.crypt)
        #expect(try rig.logIn(Proof(password: [])) == .denied(reason: "the password is wrong"))
        let word = method == .ed25519 ? "YES" : "NO"
        #expect(rig.transcript.last == "1045: Access denied for user 'alice'@'10.0.0.9' (using password: \(word))")
    }

    @Test("whom nobody knows goes through the whole exchange and is denied", arguments: LoginMethod.allCases)
    func unknown(method: LoginMethod) throws {
        var known = LoginRig(method == .native ? right.native : method == .ed25519 ? right.ed25519 : right.crypt)
        var unknown = LoginRig(nil)
        known.greetingMethod = method
        unknown.greetingMethod = method
        #expect(try known.logIn(wrong.proof) == .denied(reason: "the password is wrong"))
        #expect(try unknown.logIn(wrong.proof) == .denied(reason: "the proxy knows no account of that name"))
        #expect(known.transcript == unknown.transcript, "a client can't tell the two apart")
    }

    @Test("a locked account is denied with the right password, and the log knows why")
    func locked() throws {
        var rig = LoginRig(Account(user: "alice", verifier: right.native, denial: "locked"))
        #expect(try rig.logIn(right.proof) == .denied(reason: "locked"))
        #expect(rig.transcript.last == denied)
        rig = LoginRig(Account(user: "alice", verifier: .none, denial: "by unix_socket only"))
        #expect(try rig.logIn(right.proof) == .denied(reason: "by unix_socket only"))
    }
}
