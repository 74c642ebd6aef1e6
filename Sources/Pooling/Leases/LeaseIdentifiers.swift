/// An event loop, by its number from 0 on.
package struct LoopID: BitwiseCopyable, Hashable, Sendable {
    package let number: Int

    package init(_ number: Int) {
        self.number = number
    }
}

/// Whose connections are alike, by its number from 0 on; whoever drives gives the numbers, densely.
package struct UserID: BitwiseCopyable, Hashable, Sendable {
    package let number: Int

    package init(_ number: Int) {
        self.number = number
    }
}

/// A client's session: the book only compares it and hands it back.
package struct SessionID: BitwiseCopyable, Hashable, Sendable {
    package let number: UInt64

    package init(_ number: UInt64) {
        self.number = number
    }
}

/// A backend connection of one book, from the permission to open it until it is closed; never given twice.
package struct ConnectionID: BitwiseCopyable, Hashable, Sendable {
    /// Its place in tables by connection: small, and used again after the connection's end.
    package let slot: UInt32
    let generation: UInt32

    /// Written out, as each grant is looked up by it: what the compiler makes is called by a table in other modules.
    package static func == (left: Self, right: Self) -> Bool {
        left.slot == right.slot && left.generation == right.generation
    }
}

/// One request of one book, from its arrival until it is granted, refused or cancelled; never given twice.
package struct WaiterID: BitwiseCopyable, Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32
}
