import MySQLWire
import Pooling
import SQLText

@testable import FunnelPlugin

/// A session whose statements and answers are written down as they went over the wire of MariaDB 10.11.
struct StateRig {
    var ties = SessionTies()
    let table = SettingsTable()
    var settings: SessionSettings
    var mode: SQLLexicalMode = []

    init(schema: String? = "d1", collation: UInt8 = 45) {
        settings = table.settings(
            .login(collation: collation, schema: schema.map { Array($0.utf8) }, takesSeveralStatements: true))
    }

    /// The names of the pins.
    var pins: [String] { PinReason.allCases.filter { ties.pins.contains($0) }.map(\.description) }

    /// The session sends a query, and the server answers with that packet, in hexadecimal.
    mutating func query(_ text: String, packet: String) throws -> [String] {
        let ok = try OKPacket(
            decoding: bytes(packet).span, capabilities: [.protocol41, .transactions, .sessionTrack, .deprecateEOF])
        return query(text, ok)
    }

    /// The session sends a query, and the server answers OK, or with rows where `columns` says so.
    @discardableResult
    mutating func query(_ text: String, _ ok: OKPacket = OKPacket(), columns: Int = 0, rows: UInt64 = 0) -> [String] {
        var answer = StatementAnswer(effects: StatementEffects(of: Array(text.utf8).span, mode: mode))
        answer.affectedRows = ok.affectedRows
        answer.lastInsertID = ok.lastInsertID
        answer.warnings = ok.warnings
        answer.columns = columns
        answer.rows = rows
        answer.status = ok.status
        answer.changes = ok.changes
        return finish(text, answer)
    }

    /// The session sends a query, and the server refuses it.
    @discardableResult
    mutating func query(_ text: String, error: UInt16, results: Int = 0) -> [String] {
        var answer = StatementAnswer(effects: StatementEffects(of: Array(text.utf8).span, mode: mode))
        answer.errorCode = error
        answer.results = results
        return finish(text, answer)
    }

    mutating func command(_ command: Command) -> [String] {
        finish("", StatementAnswer(command: command, status: .autocommit))
    }

    private mutating func finish(_ text: String, _ answer: StatementAnswer) -> [String] {
        let text = Array(text.utf8)
        ties.answered(answer, text.span, schema: settings.content.schema)
        settings = table.changed(settings, by: answer.changes, answer.effectsOnSettings, text.span)
        return pins
    }

    private func bytes(_ hexadecimal: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = hexadecimal[...]
        while let byte = UInt8(rest.prefix(2), radix: 16), rest.count >= 2 {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}

/// An OK that tells those changes.
func told(_ changes: SessionStateChange..., status: StatusFlags = .autocommit, warnings: UInt16 = 0) -> OKPacket {
    OKPacket(status: status, warnings: warnings, changes: changes)
}

extension SessionStateChange {
    static let change = Self.stateChanged("1")

    static func variables(_ variables: KeyValuePairs<String, String>) -> Self {
        .systemVariables(variables.map { SystemVariable(name: $0.key, value: $0.value) })
    }
}

/// The steps between two settings, as text: a query's own, other commands by name.
func steps(_ connection: SessionSettings, _ session: SessionSettings, login: SessionSettings, resets: Bool = false)
    -> [String]
{
    SettingsDifference(connection: connection, login: login, session: session)
        .preparations(resets: resets).map {
            switch $0 {
            case .changeUser: "change user"
            case .replace: "replace"
            case .command(let payload): describe(payload)
            }
        }
}

private func describe(_ payload: [UInt8]) -> String {
    guard let first = payload.first else { return "nothing" }
    let rest = String(decoding: payload.dropFirst(), as: UTF8.self)
    switch Command(rawValue: first) {
    case .query: return rest
    case .setOption: return "COM_SET_OPTION \(payload[1])"
    default: return rest.isEmpty ? "\(Command(rawValue: first))" : "\(Command(rawValue: first)) \(rest)"
    }
}
