import MySQLWire
import Pooling
import ProxyCore
import SQLText

final class SessionSettings: Sendable {
    let schema: [UInt8]
    init(schema: [UInt8]) { self.schema = schema }
    static let trackingSetup: [[UInt8]] = [
        [3] + Array("SET session_track_system_variables='*', session_track_state_change=ON, session_track_transaction_info='CHARACTERISTICS', session_track_schema=ON".utf8)
    ]
    var lexicalMode: SQLLexicalMode { [] }
    var trackPolicy: TrackPolicy { TrackPolicy() }
}
final class SettingsTable: Sendable {
    let fresh = SessionSettings(schema: [])
    let unknown = SessionSettings(schema: [])
    func login(collation: UInt16, schema: [UInt8], allowsMultiStatements: Bool) -> SessionSettings { schema.isEmpty ? fresh : SessionSettings(schema: schema) }
    func settings(_ s: SessionSettings, allowingMultiStatements: Bool) -> SessionSettings { s }
    func changed(_ s: SessionSettings, by: [SessionStateChange], effects: StatementEffects?) -> SessionSettings {
        for change in by { if case .schema(let name) = change { return SessionSettings(schema: Array(name.utf8)) } }
        return s
    }
}
struct SettingsDifference {
    let from: SessionSettings, to: SessionSettings
    init(from: SessionSettings, to: SessionSettings) { self.from = from; self.to = to }
    var payloads: [[UInt8]] { from.schema == to.schema || to.schema.isEmpty ? [] : [[2] + to.schema] }
}
struct SessionTies {
    var pins = PinSet()
    var needsCapture: Bool { false }
    var leavesDirt: Bool { false }
    func restoration(for: StatementEffects?) -> [[UInt8]] { [] }
    mutating func lost() { self = SessionTies() }
}
struct DirtyState {
    struct X { }
    mutating func insert(_ x: Kind) {}
    enum Kind { case state }
    func needsReset(for: FunnelSession) -> Bool { false }
}
