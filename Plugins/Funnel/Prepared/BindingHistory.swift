import MySQLWire

/// Which parameters of a server's statement have been bound to something else than text, by whatever session.
///
/// MariaDB (10.11, observed) reads long data for a parameter that was a number before as a number, and gets garbage.
/// A client brings that upon itself; it must not come from another client with the same text.
struct BindingHistory: Sendable {
    private var last: [UInt8] = []
    /// One for every parameter that wasn't text once.
    private var unfit: [Bool] = []

    /// An execution with these types, two bytes each.
    mutating func add(_ types: [UInt8]) {
        guard types != last else { return }
        last = types
        let count = types.count / 2
        if unfit.count < count { unfit += repeatElement(false, count: count - unfit.count) }
        for index in 0..<count where !Self.isText(types[2 * index]) { unfit[index] = true }
    }

    /// Whether the long data in a payload of COM_STMT_SEND_LONG_DATA will be read as it is.
    func allow(_ piece: [UInt8]) -> Bool {
        guard let parameter = StatementPayload.longDataParameter(in: piece) else { return true }
        return parameter >= unfit.count || !unfit[parameter]
    }

    /// The blobs, VARSTRING and STRING.
    private static func isText(_ type: UInt8) -> Bool {
        (ColumnType.tinyBlob.rawValue...ColumnType.string.rawValue).contains(type)
    }
}
