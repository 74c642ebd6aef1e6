internal import CLuaShim

/// One session's view of a script: its globals, and its own fields of a table that all sessions share.
public final class LuaScope {
    /// The session's own fields of the shared table.
    public let own: LuaReference
    /// The globals; nil while the script's top level hasn't succeeded.
    public var environment: LuaReference?
    let switchboard: LuaReference

    /// - Parameters:
    ///   - own: a table.
    ///   - switchboard: the metatable of the shared table, which is pointed at `own` before a call.
    public init(own: LuaReference, switchboard: LuaReference) {
        self.own = own
        self.switchboard = switchboard
    }
}

/// A long text in pieces that stay where they are: Lua copies what a script asks for.
public struct LuaText: ~Copyable, ~Escapable {
    // Invariant: the pieces point into the spans given, which this value can't outlive.
    private var first: lvm_piece
    private var all: [lvm_piece] = []

    /// A text of one piece.
    @_lifetime(copy piece)
    public init(_ piece: Span<UInt8>) {
        first = Self.piece(piece)
    }

    /// Adds a piece at the end.
    @_lifetime(self: copy piece)
    public mutating func append(_ piece: Span<UInt8>) {
        if all.isEmpty { all = [first] }
        all.append(Self.piece(piece))
    }

    private static func piece(_ span: Span<UInt8>) -> lvm_piece {
        span.withUnsafeBufferPointer { lvm_piece(bytes: $0.baseAddress.map { UnsafeRawPointer($0) }, length: $0.count) }
    }

    func withPieces<R, E: Error>(_ body: (UnsafeBufferPointer<lvm_piece>) throws(E) -> R) throws(E) -> R {
        guard all.isEmpty else { return try all.withUnsafeBufferPointer(body) }
        return try withUnsafePointer(to: first) { first throws(E) in
            try body(UnsafeBufferPointer(start: first, count: 1))
        }
    }
}

/// What a script's function returned first.
public enum LuaAnswer: Equatable, Sendable {
    /// There is no such function.
    case absent
    /// Nothing, or what is neither false nor a number.
    case none
    /// false.
    case no
    /// A number, or a numeric text, with an integer's value.
    case integer(Int64)
    /// Another number.
    case number(Double)
}

/// A function of a script that its host calls.
public struct LuaEntry: Sendable {
    let name: StaticString
    let fresh: StaticString?

    /// - Parameters:
    ///   - name: the global that holds the function.
    ///   - fresh: a field of the session's own table that begins as an empty table at every call.
    public init(_ name: StaticString, fresh: StaticString? = nil) {
        self.name = name
        self.fresh = fresh
    }
}
