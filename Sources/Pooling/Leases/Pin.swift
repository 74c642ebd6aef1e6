/// Why a session must keep its backend connection between two statements.
package enum PinReason: UInt8, BitwiseCopyable, CaseIterable, Sendable {
    case transaction
    case temporaryTable
    case lockedTables
    case namedLock
    case handler
    case cursor
    /// State changed where nobody can see it: inside CALL, by an unknown SET.
    case hiddenState
    /// A script asked for it.
    case script
    /// A query rule has switched multiplexing off.
    case rule
}

extension PinReason: CustomStringConvertible {
    /// The reason in words, as errors and statistics show it.
    package var description: String {
        switch self {
        case .transaction: "transaction"
        case .temporaryTable: "temporary table"
        case .lockedTables: "LOCK TABLES"
        case .namedLock: "GET_LOCK"
        case .handler: "HANDLER"
        case .cursor: "cursor"
        case .hiddenState: "hidden state"
        case .script: "script"
        case .rule: "query rule"
        }
    }
}

/// The pins of one connection.
package struct PinSet: BitwiseCopyable, Equatable, Sendable {
    private var bits: UInt16 = 0

    package init() {}

    package var isEmpty: Bool { bits == 0 }

    package func contains(_ reason: PinReason) -> Bool { bits & (1 << reason.rawValue) != 0 }

    /// Adds the reason; false where it was there.
    @discardableResult
    package mutating func insert(_ reason: PinReason) -> Bool {
        guard !contains(reason) else { return false }
        bits |= 1 << reason.rawValue
        return true
    }

    /// Takes the reason out; false where it was not there.
    @discardableResult
    package mutating func remove(_ reason: PinReason) -> Bool {
        guard contains(reason) else { return false }
        bits &= ~(1 << reason.rawValue)
        return true
    }

    /// The reason that a connection with several is counted under where each connection counts once: one that outlasts
    /// transactions before the transaction.
    package var foremost: PinReason? {
        guard !isEmpty else { return nil }
        let lasting = bits & ~1
        return PinReason(rawValue: UInt8((lasting == 0 ? bits : lasting).trailingZeroBitCount))
    }
}

/// A number for each reason.
package struct PinCounts: BitwiseCopyable, Equatable, Sendable {
    private var counts = InlineArray<9, Int>(repeating: 0)

    package init() {}

    package internal(set) subscript(reason: PinReason) -> Int {
        get { counts[Int(reason.rawValue)] }
        set { counts[Int(reason.rawValue)] = newValue }
    }

    /// All reasons together.
    package var total: Int { PinReason.allCases.reduce(0) { $0 + self[$1] } }

    package static func == (left: Self, right: Self) -> Bool {
        PinReason.allCases.allSatisfy { left[$0] == right[$0] }
    }
}
