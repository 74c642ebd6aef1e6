import Accounts
import ArgumentParser
import Foundation
import PluginAPI
import Pooling
import Testing

@testable import FunnelPlugin

@Suite("The accounts that clients may log in to")
struct AccountDirectoryTests {
    /// A users file that goes with the test.
    private final class File {
        let path = NSTemporaryDirectory() + "funnel-users-\(UUID().uuidString)"

        init(_ text: String, mode: Int = 0o640) throws {
            try write(text, mode: mode)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ text: String, mode: Int = 0o640) throws {
            try Data(text.utf8).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }
    }

    private func directory(_ file: File, _ more: String...) throws -> AccountDirectory {
        try AccountDirectory(options: FunnelOptions.parse(["--funnel-users-file=\(file.path)"] + more))
    }

    private func verifier(of user: String, in directory: AccountDirectory) -> Verifier? {
        guard case .listed(let account) = directory.knowledge(of: user) else { return nil }
        return account.verifier
    }

    @Test("accounts are as the file says; others nobody has asked for")
    func listed() throws {
        let directory = try directory(File("app:secret\n# a comment\nweb:*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9\n"))
        #expect(verifier(of: "app", in: directory) == .password(Array("secret".utf8)))
        guard case .native? = verifier(of: "web", in: directory) else {
            Issue.record("a hash is taken for what it is not")
            return
        }
        guard case .unknown = directory.knowledge(of: "nobody") else {
            Issue.record("an account that is in no file is known")
            return
        }
        #expect(!directory.looksUp)
    }

    @Test("a file that others may use is refused, with what to do", arguments: [0o644, 0o604, 0o666, 0o641])
    func worldReadable(mode: Int) throws {
        let file = try File("app:secret\n", mode: mode)
        let error = #expect(throws: OptionError.self) { try directory(file) }
        #expect(
            error?.description == "--funnel-users-file=\(file.path): \(file.path): everybody on this machine may use "
                + "the file, which holds secrets; run: chmod 640 \(file.path)")
    }

    @Test("the group may read it, not write it")
    func group() throws {
        _ = try directory(File("app:secret\n", mode: 0o640))
        let file = try File("app:secret\n", mode: 0o660)
        let error = #expect(throws: OptionError.self) { try directory(file) }
        #expect(error?.description.contains("the file's group may write it") == true)
    }

    @Test("a file that isn't there is named")
    func missing() {
        let path = "/nowhere/\(UUID().uuidString)"
        let error = #expect(throws: OptionError.self) {
            try AccountDirectory(options: FunnelOptions.parse(["--funnel-users-file=\(path)"]))
        }
        #expect(error?.description.hasPrefix("--funnel-users-file=\(path): it can't be read: ") == true)
    }

    @Test("a line that is wrong is named by its number")
    func wrongLine() throws {
        let file = try File("app:secret\nnonsense\n")
        let error = #expect(throws: OptionError.self) { try directory(file) }
        #expect(error?.description.contains("\(file.path):2:") == true)
    }

    @Test("a reload takes what the file says then; a file that is wrong then changes nothing")
    func reload() throws {
        let file = try File("app:secret\nold:x\n")
        let directory = try directory(file, "--funnel-auth-user=lookup")
        directory.looked("eve", Account(user: "eve", verifier: .password([1])))
        try file.write("app:other\nnew:y\n")
        try directory.reload()
        #expect(verifier(of: "app", in: directory) == .password(Array("other".utf8)))
        #expect(verifier(of: "old", in: directory) == nil)
        #expect(verifier(of: "new", in: directory) == .password([0x79]))
        // What was looked up is asked for again.
        guard case .unknown = directory.knowledge(of: "eve") else {
            Issue.record("a lookup outlives the reload")
            return
        }
        try file.write("broken\n")
        #expect(throws: OptionError.self) { try directory.reload() }
        #expect(verifier(of: "new", in: directory) == .password([0x79]))
        try file.write("app:third\n", mode: 0o644)
        #expect(throws: OptionError.self) { try directory.reload() }
        #expect(verifier(of: "app", in: directory) == .password(Array("other".utf8)))
    }

    @Test("what is looked up is kept, the users file comes first, and names that nobody has don't pile up")
    func looked() throws {
        let directory = try directory(File("app:secret\n"), "--funnel-auth-user=lookup")
        #expect(directory.looksUp)
        directory.looked("eve", Account(user: "eve", verifier: .password([1])))
        directory.looked("app", Account(user: "app", verifier: .password([2])))
        for number in 0..<20_100 { directory.looked("made-up-\(number)", nil) }
        guard case .looked(let eve?) = directory.knowledge(of: "eve") else {
            Issue.record("a looked-up account is forgotten")
            return
        }
        #expect(eve.verifier == .password([1]))
        #expect(verifier(of: "app", in: directory) == .password(Array("secret".utf8)))
        guard case .unknown = directory.knowledge(of: "made-up-0") else {
            Issue.record("made-up names pile up")
            return
        }
    }

    @Test("proofs come from the auth user's option, from the file, and from right logins")
    func proofs() throws {
        let directory = try directory(
            File("app:secret\nweb:*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9\n"), "--funnel-auth-user=lookup",
            "--funnel-auth-password=looks")
        #expect(directory.proof(of: "lookup").password == Array("looks".utf8))
        #expect(directory.warmUser == "app" || directory.warmUser == "lookup")
        #expect(directory.proof(of: "web").sha1 == nil)
        directory.proved("web", Proof(sha1: [UInt8](repeating: 3, count: 20)))
        #expect(directory.proof(of: "web").sha1 == [UInt8](repeating: 3, count: 20))
        // A client that logs in as the auth user by a hash doesn't take the password away.
        directory.proved("lookup", Proof(sha1: [1]))
        #expect(directory.proof(of: "lookup").password == Array("looks".utf8))
        #expect(directory.proof(of: "lookup").sha1 == nil)
    }

    @Test("who tries passwords has an account looked up again once a second, and keeps nobody else from it")
    func refreshes() throws {
        let directory = try AccountDirectory(options: FunnelOptions.parse(["--funnel-auth-user=keeper"]))
        let now = MonotonicTime(nanoseconds: 5_000_000_000)
        #expect(directory.mayRefresh("app", now: now))
        #expect(!directory.mayRefresh("app", now: now + .milliseconds(999)))
        #expect(directory.mayRefresh("web", now: now))
        #expect(directory.mayRefresh("app", now: now + .seconds(1)))
        #expect(!directory.mayRefresh("app", now: now + .milliseconds(1500)))
        // Who has got in has not guessed: a password may change twice in a second.
        directory.proved("app", Proof())
        #expect(directory.mayRefresh("app", now: now + .milliseconds(1500)))
    }
}
