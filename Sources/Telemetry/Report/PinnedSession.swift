package import Pooling

/// A session that keeps its backend connection, and why.
package struct PinnedSession: Sendable {
    /// The connection id that its client has been given.
    package let client: UInt64
    /// Its user's name.
    package let user: String
    /// The server that the connection leads to.
    package let backend: String
    /// Why it keeps it.
    package let pins: PinSet
    /// For how long it has had the connection.
    package let held: TimeSpan

    /// A session with what is known of its connection.
    package init(client: UInt64, user: String, backend: String, pins: PinSet, held: TimeSpan) {
        self.client = client
        self.user = user
        self.backend = backend
        self.pins = pins
        self.held = held
    }
}

extension PinnedSession: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: ReportKey.self)
        try object.encode(client, forKey: "client")
        try object.encode(user, forKey: "user")
        try object.encode(backend, forKey: "backend")
        let reasons = PinReason.allCases.filter { pins.contains($0) }
        try object.encode(reasons.map { reportKey("\($0)") }, forKey: "reasons")
        try object.encode(held.nanoseconds / 1000, forKey: "held_us")
    }
}
