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
    private var payloads: [[UInt8]]?
    private var first: Result?

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

    /// The payloads of all packets.
    func keptPayloads() throws(LuaError) -> [[UInt8]] {
        if let payloads { return payloads }
        guard let packets else {
            throw LuaError(
                "the result wasn't kept: append the query with { resultset_is_needed = true } to read its fields, rows "
                    + "or raw")
        }
        var joiner = PacketJoiner()
        var offset = 0
        var joined: [[UInt8]] = []
        do {
            while let next = try joiner.next(in: packets.span, from: &offset) { joined.append(next.payload) }
        } catch {
            throw LuaError("the server's answer can't be read: \(error)")
        }
        payloads = joined
        return joined
    }

    /// The first result's columns and the place of its rows; without any for an OK or an ERR.
    func result() throws(LuaError) -> Result {
        if let first { return first }
        let payloads = try keptPayloads()
        let read: Result
        do {
            read = try Self.read(payloads, command, capabilities)
        } catch {
            throw LuaError("the server's answer can't be read: \(error)")
        }
        first = read
        return read
    }

    /// A row's values; nil behind the last one.
    func row(_ number: Int) throws(LuaError) -> [[UInt8]?]? {
        let result = try result()
        guard number < result.rows.count else { return nil }
        guard command != .execute else {
            throw LuaError("rows of prepared statements can't be read yet: only those of COM_QUERY")
        }
        let payload = try keptPayloads()[result.rows.lowerBound + number]
        do {
            return try TextRow(decoding: payload.span, columns: result.columns.count).values
        } catch {
            throw LuaError("the server's row can't be read: \(error)")
        }
    }

    private static func read(
        _ payloads: [[UInt8]], _ command: Command, _ capabilities: Capabilities
    ) throws(WireError) -> Result {
        var result = Result()
        guard command == .query || command == .execute, let head = payloads.first,
            let kind = head.first, kind != 0x00, kind != 0xFF,
            case .columns(let count, let metadataFollows) = try ResultHeader(
                decoding: head.span, capabilities: capabilities)
        else { return result }
        var index = 1
        if metadataFollows ?? true {
            while result.columns.count < count, index < payloads.count {
                let payload = payloads[index]
                result.columns.append(try ColumnDefinition(decoding: payload.span, capabilities: capabilities))
                index += 1
            }
        }
        if !capabilities.contains(.deprecateEOF) { index += 1 }
        let begin = min(index, payloads.count)
        let end = payloads[begin...].firstIndex { isEnd($0) } ?? payloads.count
        result.rows = begin..<end
        return result
    }

    /// EOF, the OK in its place, or ERR; a row that begins with 0xFE has a value of 16 MiB or more.
    private static func isEnd(_ payload: [UInt8]) -> Bool {
        guard let first = payload.first else { return false }
        return first == 0xFF || first == 0xFE && payload.count < PacketHeader.maximumPayload
    }
}
