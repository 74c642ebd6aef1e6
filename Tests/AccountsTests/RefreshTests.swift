import MySQLWire
import Testing

@testable import Accounts

@Suite("Logins whose account has changed since it was looked up")
struct RefreshTests {
    let old = Secrets("old")
    let new = Secrets("new")

    func account(_ verifier: Verifier) -> Account { Account(user: "alice", verifier: verifier) }

    func staleRig(_ first: Account?, _ second: Account?) -> LoginRig {
        var rig = LoginRig(first, second)
        rig.mayBeStale = true
        return rig
    }

    @Test("a new native password: the same answer is right after a second look")
    func native() throws {
        var rig = staleRig(account(old.native), account(new.native))
        #expect(try rig.logIn(new.proof) == .loggedIn(new.sha1))
        #expect(rig.transcript == ["mysql_native_password", "look up alice", "refresh alice"])
    }

    @Test("a second look happens once")
    func once() throws {
        var rig = staleRig(account(old.native), account(old.native))
        #expect(try rig.logIn(new.proof) == .denied(reason: "the password is wrong"))
        #expect(rig.transcript.filter { $0 == "refresh alice" }.count == 1)
    }

    @Test("an account made since then")
    func made() throws {
        var rig = staleRig(nil, account(new.native))
        #expect(try rig.logIn(new.proof) == .loggedIn(new.sha1))
    }

    @Test("an account dropped since then")
    func dropped() throws {
        var rig = staleRig(account(old.native), nil)
        #expect(try rig.logIn(new.proof) == .denied(reason: "the proxy knows no account of that name"))
    }

    @Test("an account unlocked since then")
    func unlocked() throws {
        var rig = staleRig(Account(user: "alice", verifier: new.native, denial: "locked"), account(new.native))
        #expect(try rig.logIn(new.proof) == .loggedIn(new.sha1))
    }

    @Test("another method since then: the client is asked for it")
    func otherMethod() throws {
        var rig = staleRig(account(old.native), account(new.ed25519))
        #expect(try rig.logIn(new.proof) == .loggedIn(Proof()))
        #expect(rig.transcript.suffix(2) == ["switch to client_ed25519, 32 bytes", "64 bytes"])
    }

    @Test("another method since the client was asked for one: no second switch")
    func otherMethodTwice() throws {
        var rig = staleRig(account(old.ed25519), account(new.crypt))
        let reason = "the account has changed to caching_sha2_password during the login"
        #expect(try rig.logIn(new.proof) == .denied(reason: reason))
    }

    @Test("after the full exchange the password is checked against whatever is stored now", arguments: 0..<5)
    func afterFullExchange(which: Int) throws {
        let verifiers = [new.native, new.crypt, new.fast, new.ed25519, .password(new.password)]
        var rig = staleRig(account(old.crypt), account(verifiers[which]))
        rig.greetingMethod = .cachingSHA2
        #expect(try rig.logIn(new.proof) == .loggedIn(new.proof))
        #expect(rig.transcript.suffix(2) == ["256 bytes", "refresh alice"])
        rig = staleRig(account(old.crypt), account(verifiers[which]))
        rig.greetingMethod = .cachingSHA2
        #expect(try rig.logIn(old.proof) == .loggedIn(old.proof), "the cache knows no better")
        #expect(try rig.logIn(Secrets("third").proof) == .denied(reason: "the password is wrong"))
    }

    @Test("a fast hash of the old password: the new one goes through the full exchange, then a second look")
    func staleFastHash() throws {
        let cached = account(old.crypt).remembering(old.proof)
        var rig = staleRig(cached, account(new.crypt))
        rig.greetingMethod = .cachingSHA2
        #expect(try rig.logIn(new.proof) == .loggedIn(new.proof), "nothing of the old password is in the proof")
        #expect(rig.transcript.last == "refresh alice")
    }

    @Test("what a look-up finds unchanged keeps what logins have shown")
    func carryingOver() {
        let fresh = account(new.crypt)
        let known = fresh.remembering(new.proof)
        #expect(known != fresh)
        #expect(fresh.carryingOver(known) == known)
        #expect(account(old.crypt).carryingOver(known) == account(old.crypt))
        #expect(account(new.native).carryingOver(known) == account(new.native))
        let native = account(new.native).remembering(new.sha1)
        #expect(account(new.native).carryingOver(native).known == new.sha1)
        let locked = Account(user: "alice", verifier: new.crypt, denial: "locked")
        #expect(locked.carryingOver(known).denial == "locked")
    }
}
