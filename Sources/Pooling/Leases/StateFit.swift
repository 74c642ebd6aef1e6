/// What state a connection is in, or a session wants it to be in, in short: which of several resting ones is chosen.
///
/// Only a hint: connections of equal fit mostly need nothing to be brought to the session's state, but may.
package struct StateFit: BitwiseCopyable, Equatable, Sendable {
    private let schema: UInt32
    private let settings: UInt32

    /// Of nothing that is known; it fits nothing, not even itself.
    package static let unknown = Self(schema: 0, settings: 0)

    private init(schema: UInt32, settings: UInt32) {
        self.schema = schema
        self.settings = settings
    }

    /// A state by the hashes of its schema and of its other settings.
    package init(schemaHash: Int, settingsHash: Int) {
        // One value stands for the unknown.
        schema = max(1, UInt32(truncatingIfNeeded: schemaHash))
        settings = UInt32(truncatingIfNeeded: settingsHash)
    }

    /// How well a connection of this state suits a session that wants the other.
    func degree(for other: Self) -> Degree {
        guard schema == other.schema, schema != 0 else { return .none }
        return settings == other.settings ? .whole : .schema
    }

    enum Degree: UInt8, Comparable {
        case none
        case schema
        case whole

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }
}
