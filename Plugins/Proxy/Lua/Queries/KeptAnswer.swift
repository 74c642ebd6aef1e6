import LuaVM
import MySQLWire
import PluginAPI
import ProxyCore

/// The answer to an injected query, for as long as its hook runs; read only as far as the script asks.
final class KeptAnswer {
    let summary: ResultSummary
    private let capabilities: Capabilities
    private let command: Command
    /// The packets, headers included; nil where the injection didn't need its result, or its hook is over.
    private var packets: [UInt8]?
    private var isOver = false
    /// Where the payloads are in the packets; made when a script looks first.
    private var payloads: PayloadTable?
    private var first: Result?
    private var parts = LuaParts()

    /// The first result of the answer.
    struct Result {
        var columns: [ColumnDefinition] = []
        /// Where its rows are among the payloads.
        var rows: Range<Int> = 0..<0
    }

    init(_ view: borrowing ResultView, isNeeded: Bool, capabilities: Capabilities) {
        summary = view.summary
        command = Command(rawValue: view.query.first ?? 0)
        self.capabilities = capabilities
        packets = isNeeded ? view.packets.withUnsafeBufferPointer { Array($0) } : nil
    }

    /// The hook is over: objects that the script has kept answer with an error from now on.
    func end() {
        isOver = true
        packets = nil
        payloads = nil
        first = nil
    }

    func checkHook() throws(LuaError) {
        guard isOver else { return }
        throw LuaError(
            "this injection's read_query_result is over: copy what you need, as in local id = inj.id, "
                + "instead of keeping the object")
    }

    /// The payload of the first packet; nil without one.
    func firstPayload() throws(LuaError) -> [UInt8]? {
        let table = try payloadTable()
        return table.count > 0 ? Array(table.bytes[table[0]]) : nil
    }

    /// The first result's columns and the place of its rows; without any for an OK or an ERR.
    func result() throws(LuaError) -> Result {
        if let first { return first }
        let table = try payloadTable()
        let read: Result
        do {
            read = try Self.read(table, command, capabilities)
        } catch {
            throw Self.unreadable("answer", error)
        }
        first = read
        return read
    }

    /// Pushes a row as a table; answers whether there is one.
    func pushRow(_ number: Int, on frame: inout LuaFrame) throws(LuaError) -> Bool {
        let result = try result()
        guard number < result.rows.count else { return false }
        let table = try payloadTable()
        try frame.charge(Int64(16 + result.columns.count * 4))
        let place = table[result.rows.lowerBound + number]
        let row = table.bytes.span.extracting(place)
        guard command != .execute else {
            try frame.pushRow(try Self.texts(ofBinary: row, result.columns))
            return true
        }
        do {
            try parts.find(in: row, columns: result.columns.count)
        } catch {
            throw Self.unreadable("row", error)
        }
        try frame.pushTable(of: parts, in: row.bytes)
        return true
    }

    private static func texts(
        ofBinary row: Span<UInt8>, _ columns: [ColumnDefinition]
    ) throws(LuaError) -> [[UInt8]?] {
        do {
            let values = try BinaryRow(decoding: row, columns: columns).values
            return zip(values, columns).map { $0.text(of: $1) }
        } catch {
            throw unreadable("row", error)
        }
    }

    private func payloadTable() throws(LuaError) -> PayloadTable {
        if let payloads { return payloads }
        guard let packets else {
            throw LuaError(
                "the result wasn't kept: append the query with { resultset_is_needed = true } to read its fields, rows "
                    + "or raw")
        }
        let table = PayloadTable(packets: packets)
        payloads = table
        self.packets = []
        return table
    }

    private static func unreadable(_ what: String, _ error: WireError) -> LuaError {
        LuaError("the server's \(what) can't be read: \(error)")
    }

    private static func read(
        _ table: PayloadTable, _ command: Command, _ capabilities: Capabilities
    ) throws(WireError) -> Result {
        var result = Result()
        guard command == .query || command == .execute, table.count > 0,
            let kind = table.bytes[table[0]].first, kind != 0x00, kind != 0xFF,
            case .columns(let count, let metadataFollows) = try ResultHeader(
                decoding: table.payload(0), capabilities: capabilities)
        else { return result }
        var index = 1
        if metadataFollows ?? true {
            while result.columns.count < count, index < table.count {
                result.columns.append(try ColumnDefinition(decoding: table.payload(index), capabilities: capabilities))
                index += 1
            }
        }
        if !capabilities.contains(.deprecateEOF) { index += 1 }
        let begin = min(index, table.count)
        let end = (begin..<table.count).first { isEnd(table, $0) } ?? table.count
        result.rows = begin..<end
        return result
    }

    /// EOF, the OK in its place, or ERR; a row that begins with 0xFE has a value of 16 MiB or more.
    private static func isEnd(_ table: PayloadTable, _ index: Int) -> Bool {
        let range = table[index]
        guard let first = table.bytes[range].first else { return false }
        return first == 0xFF || first == 0xFE && range.count < PacketHeader.maximumPayload
    }
}

extension LuaParts {
    /// Finds the values of a text row.
    fileprivate mutating func find(in row: Span<UInt8>, columns: Int) throws(WireError) {
        removeAll()
        var reader = ByteReader(row, of: "text row")
        for column in 0..<columns {
            if reader.peeked == 0xFB {
                try reader.skip(1, "NULL")
                append(nil)
            } else {
                append(try reader.lengthEncodedRange("the value of column \(column + 1)"))
            }
        }
        guard reader.isAtEnd else { throw reader.error(expecting: "the row's end") }
    }
}

extension LuaFrame {
    /// Pushes a table with the values, without those that are nil.
    fileprivate mutating func pushRow(_ values: [[UInt8]?]) throws(LuaError) {
        try pushTable(elements: values.count)
        let table = count
        for (index, value) in values.enumerated() {
            guard let value else { continue }
            try push(value)
            try popIntoElement(index + 1, of: table)
        }
    }
}
