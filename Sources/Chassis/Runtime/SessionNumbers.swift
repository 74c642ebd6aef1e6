import Synchronization

/// Numbers for sessions and for clients of embedded servers, shared by all loops.
final class SessionNumbers: Sendable {
    private let sessions = Atomic<UInt64>(0)
    private let connections = Atomic<UInt32>(0)

    /// A number that no session had before.
    func nextSession() -> UInt64 { sessions.wrappingAdd(1, ordering: .relaxed).newValue }

    /// A connection id; they begin again after 4 billion.
    func nextConnection() -> UInt32 { connections.wrappingAdd(1, ordering: .relaxed).newValue }
}
