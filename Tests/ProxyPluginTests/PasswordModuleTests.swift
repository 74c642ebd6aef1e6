import LuaVM
import Testing

@testable import ProxyPlugin

@Suite("mysql.password")
struct PasswordModuleTests {
    let rig: ModuleRig
    /// SHA1("secret"), SHA1 of that, and the answer to the challenge, computed with Python's hashlib.
    let hash = "e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4"
    let stored = "14e65567abdb5135d0cfd9a70b3032c179a49ee7"
    let answer = "7abe1a8776b59e931059451f81e596a60dbbf7a8"
    let challenge = "'01234567890123456789'"

    init() throws { rig = try ModuleRig() }

    @Test("hash is SHA-1, binary; of a number, too")
    func hashes() {
        #expect(rig.show("hex(password.hash('secret'))") == hash)
        #expect(rig.show("hex(password.hash(password.hash('secret')))") == stored)
        #expect(rig.show("#password.hash('')") == "20")
        #expect(rig.show("password.hash(12) == password.hash('12')") == "true")
        #expect(rig.show("require('mysql.password') == rawget(_G, 'password')") == "true", "the global is set")
    }

    @Test("scramble answers a challenge of 20 bytes, 21 with the NUL")
    func scrambles() {
        #expect(rig.show("hex(password.scramble(\(challenge), password.hash('secret')))") == answer)
        #expect(rig.show("hex(password.scramble(\(challenge) .. '\\0', password.hash('secret')))") == answer)
    }

    @Test("unscramble finds the hash behind the answer")
    func unscrambles() {
        #expect(rig.show("hex(password.unscramble(\(challenge), bytes('\(answer)'), bytes('\(stored)')))") == hash)
    }

    @Test("check knows right from wrong; a client's answer of another length is wrong, not an error")
    func checks() {
        let check = "password.check(\(challenge) .. '\\0', "
        #expect(rig.show("\(check) bytes('\(answer)'), bytes('\(stored)'))") == "true")
        #expect(rig.show("\(check) bytes('\(stored)'), bytes('\(stored)'))") == "false")
        #expect(rig.show("\(check) '', bytes('\(stored)'))") == "false")
        #expect(rig.show("\(check) bytes('\(answer)') .. 'x', bytes('\(stored)'))") == "false")
        #expect(rig.show("password.check(('x'):rep(20), bytes('\(answer)'), bytes('\(stored)'))") == "false")
    }

    @Test(
        "wrong arguments are errors that name them",
        arguments: [
            ("hash()", "password.hash(s): s must be a string, not no value"),
            ("hash({})", "must be a string, not a table"),
            ("scramble('x', 'y')", "password.scramble(challenge, hash): the challenge must have 20 bytes, not 1"),
            ("scramble(('x'):rep(22), 'y')", "the challenge must have 20 bytes, not 22"),
            ("scramble(('x'):rep(20), 'y')", "the hash must have 20 bytes, as SHA-1 makes them, not 1"),
            ("unscramble(('x'):rep(20), 'y', 'z')", "the response must have 20 bytes"),
            ("unscramble(('x'):rep(20), ('y'):rep(20), 'z')", "the double_hash must have 20 bytes"),
            ("check(('x'):rep(20), nil, 'z')", "the response must be a string, not nil"),
            ("check(('x'):rep(20), '', '')", "the double_hash must have 20 bytes"),
        ])
    func wrongArguments(_ call: String, _ message: String) {
        let shown = rig.show("password.\(call)")
        #expect(shown.hasPrefix("test.lua:1: ") && shown.contains(message), "\(shown)")
    }

    @Test("hashing a long text is charged")
    func charged() throws {
        let budget = LuaBudget(instructions: 50_000, memory: 10_000_000)
        let error = #expect(throws: LuaError.self) {
            try rig.run("while true do password.hash(given) end", [UInt8](repeating: 1, count: 100_000), budget)
        }
        #expect(error?.kind == .budget)
    }
}
