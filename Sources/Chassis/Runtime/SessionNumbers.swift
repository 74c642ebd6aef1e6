import Synchronization

/// Numbers for sessions and for clients of embedded servers, shared by all loops.
final class SessionNumbers: Sendable {
    private let sessions = Atomic<UInt64>(0)

    /// A number that no session had before.
    func nextSession() -> UInt64 { sessions.wrappingAdd(1, ordering: .relaxed).newValue }

    /// A connection id, which is no session's number either: `KILL id` at the admin port means one of the two. They begin
    /// again after 4 billion.
    func nextConnection() -> UInt32 { UInt32(truncatingIfNeeded: nextSession()) }
}
