import Accounts
import ArgumentParser
import MySQLWire
import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import FunnelPlugin

@Suite("mysql_users")
struct UsersTableTests {
    private let host = FakeHost(loopCount: 0)
    private let funnel: Funnel
    private let section: UsersSection
    private static let hash = "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7"

    init() throws {
        funnel = try Funnel(options: .parse(["--funnel-auth-user=lookup"]), host: host)
        section = UsersSection(funnel: funnel)
        try host.backends.add(.tcp(host: "a", port: 3306), role: .readWrite)
    }

    /// A row with the usual values but for these.
    private func row(_ user: String, _ password: String, _ values: [String: Cell] = [:]) -> [Cell] {
        UsersTable.columns.map { column in
            if let value = values[column] { return value }
            switch column {
            case "username": return .text(user)
            case "password": return .text(password)
            case "default_schema": return .null
            case "attributes", "comment": return .text("")
            case _: return Cell(UsersTable.numbers[column]?.usual ?? 0)
            }
        }
    }

    @discardableResult
    private func load(_ rows: [Cell]...) throws -> [String] {
        let prepared = try section.prepare([UsersTable.name: rows])
        prepared.apply()
        return prepared.warnings
    }

    private func fault(_ rows: [Cell]...) -> ConfigurationFault? {
        do {
            _ = try section.prepare([UsersTable.name: rows])
            return nil
        } catch {
            return error
        }
    }

    private func account(_ user: String) -> Account? {
        guard case .listed(let account) = funnel.accounts.knowledge(of: user) else { return nil }
        return account
    }

    private func shown(_ column: String) -> [String?] {
        let index = UsersTable.columns.firstIndex(of: column) ?? 0
        return section.running()[UsersTable.name]?.map { $0[index].text } ?? []
    }

    @Test("a plain password is shown as its hash, and known as it is")
    func plain() throws {
        try load(row("app", "secret"))
        #expect(shown("password") == [Self.hash])
        #expect(account("app")?.verifier == .password(Array("secret".utf8)))
        #expect(funnel.accounts.proof(of: "app").password == Array("secret".utf8))
    }

    @Test("the hash of a password that was known in plain keeps it known; another one doesn't")
    func hashAgain() throws {
        try load(row("app", "secret"))
        try load(row("app", Self.hash))
        #expect(account("app")?.verifier == .password(Array("secret".utf8)))
        try load(row("app", "*" + String(repeating: "A", count: 40)))
        #expect(account("app")?.verifier.method == .native)
        #expect(funnel.accounts.proof(of: "app") == Proof())
    }

    @Test("what a client has shown of a password is forgotten with it, and only then")
    func proofs() throws {
        try load(row("app", Self.hash))
        funnel.accounts.proved("app", Proof(sha1: [1]))
        try load(row("app", Self.hash, ["max_connections": .integer(3)]))
        #expect(funnel.accounts.proof(of: "app").sha1 == [1])
        try load(row("app", "other"))
        #expect(funnel.accounts.proof(of: "app") == Proof(password: Array("other".utf8)))
    }

    @Test("the table comes before what servers have said, and gives way to it when the row is gone")
    func precedence() throws {
        funnel.accounts.looked("app", Account(user: "app", verifier: .password(Array("server's".utf8))))
        try load(row("app", "table's"))
        #expect(account("app")?.verifier == .password(Array("table's".utf8)))
        try load()
        guard case .looked(let account?) = funnel.accounts.knowledge(of: "app") else {
            Issue.record("the server's account is not back")
            return
        }
        #expect(account.verifier == .password(Array("server's".utf8)))
    }

    @Test("one user's rows are loaded alone, and those in use of the others stay")
    func oneUser() throws {
        func loadOne(_ user: String, _ rows: [Cell]...) throws -> [String] {
            let prepared = try section.prepare([UsersTable.name: rows], only: user)
            prepared.apply()
            return prepared.warnings
        }
        try load(
            row("app", "one"), row("web", "two", ["backend": .integer(0)]),
            row("web", "back", ["backend": .integer(1), "frontend": .integer(0)]))
        funnel.accounts.proved("app", Proof(sha1: [1]))
        #expect(try loadOne("web", row("web", "", ["max_connections": .integer(5)])).count == 1)
        #expect(shown("username") == ["app", "web"] && shown("max_connections") == ["10000", "5"])
        #expect(funnel.accounts.proof(of: "app").sha1 == [1])
        #expect(try loadOne("new", row("new", "three")).isEmpty)
        #expect(shown("username") == ["app", "web", "new"])
        #expect(throws: ConfigurationFault.self) { try loadOne("web", row("web", "x", ["use_ssl": .integer(1)])) }
        #expect(try loadOne("web").isEmpty)
        #expect(shown("username") == ["app", "new"])
        #expect(account("web") == nil)
    }

    @Test("an inactive row shuts its user out")
    func inactive() throws {
        try load(row("app", "secret", ["active": .integer(0)]))
        #expect(account("app")?.denial != nil)
        #expect(shown("active") == ["0"])
    }

    @Test("a row for servers gives the secret there, beside the one for clients")
    func serverRow() throws {
        try load(
            row("app", "front", ["backend": .integer(0)]), row("app", "back", ["frontend": .integer(0)]))
        #expect(account("app")?.verifier == .password(Array("front".utf8)))
        funnel.accounts.proved("app", Proof(password: Array("front".utf8)))
        #expect(funnel.accounts.proof(of: "app").password == Array("back".utf8))
    }

    @Test("schema and hostgroup reach the sessions; hostgroup 0 is the usual one")
    func profile() throws {
        let warnings = try load(
            row("app", "x", ["default_hostgroup": .integer(7), "default_schema": .text("shop")]), row("web", "x"))
        #expect(funnel.accounts.profile(of: "app") == UserProfile(hostgroup: 7, schema: Array("shop".utf8)))
        #expect(funnel.accounts.profile(of: "web") == UserProfile())
        #expect(funnel.accounts.profile(of: "nobody") == UserProfile())
        #expect(
            warnings.count == 1 && warnings[0].contains("username app, default_hostgroup: hostgroup 7 has no server"))
    }

    @Test("so many clients a user may have; one more gets MySQL's ERR 1226")
    func limit() throws {
        try load(row("app", "x", ["max_connections": .integer(2)]))
        let accounts = funnel.accounts
        #expect(accounts.clientEnters("app") == nil && accounts.clientEnters("app") == nil)
        #expect(
            accounts.clientEnters("app")
                == SQLError(
                    code: 1226, state: "42000",
                    message: "User 'app' has exceeded the 'max_user_connections' resource (current value: 2)"))
        #expect(accounts.clientEnters("other") == nil)
        #expect(
            accounts.usersTable.rows(false) == [
                [.text("app"), .integer(2), .integer(2)], [.text("other"), .integer(1), .null],
            ])
        #expect(accounts.denials == Denials(login: 0, limit: 1))
        accounts.clientLeaves("app")
        #expect(accounts.clientEnters("app") == nil)
    }

    @Test(
        "a value that can't be used is told with row and column, and nothing changes",
        arguments: [
            ("default_hostgroup", Cell.text("x")), ("default_hostgroup", .integer(-1)), ("active", .integer(2)),
            ("transaction_persistent", .integer(7)), ("max_connections", .null), ("password", .text("$A$005$short")),
            ("attributes", .text("[1]")), ("attributes", .text("{")), ("use_ssl", .integer(1)),
            ("default_schema", .text(String(repeating: "s", count: 300))),
        ])
    func wrong(_ column: String, _ value: Cell) throws {
        try load(row("old", "x"))
        let fault = fault(row("good", "x"), row("app", "x", [column: value]))
        #expect(fault?.table == "mysql_users" && fault?.row == "username app" && fault?.column == column)
        #expect(shown("username") == ["old"])
    }

    @Test("rows that no user can have, and two for the same, are refused")
    func rowsTogether() {
        #expect(fault(row("", "x"))?.column == "username")
        #expect(fault(row("app", "x", ["frontend": .integer(0), "backend": .integer(0)]))?.column == "frontend")
        #expect(fault(row("app", "x"), row("app", "y"))?.column == "frontend")
        let server = row("app", "y", ["frontend": .integer(0)])
        #expect(fault(row("app", "x"), server)?.column == "backend")
    }

    @Test("what has no effect is warned of and kept")
    func withoutEffect() throws {
        let warnings = try load(
            row("app", "x", ["transaction_persistent": .integer(0), "fast_forward": .integer(1)]), row("bare", ""))
        #expect(warnings.filter { $0.contains("has no effect") }.count == 2)
        #expect(warnings.contains { $0.contains("username bare: no password") })
        #expect(shown("transaction_persistent") == ["0", "1"] && shown("fast_forward") == ["1", "0"])
    }
}
