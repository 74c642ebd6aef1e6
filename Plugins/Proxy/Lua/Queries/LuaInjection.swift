import LuaVM
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore

/// The injection object of read_query_result, valid in that hook only.
final class LuaInjection: LuaObject {
    private let answer: KeptAnswer
    private let id: Int
    private let query: [UInt8]
    private let queryTime: Int
    private let responseTime: Int

    init(_ view: borrowing ResultView, answer: KeptAnswer) {
        self.answer = answer
        id = view.id
        query = view.query
        queryTime = Int(clamping: view.firstByte.since(view.sent).nanoseconds / 1000)
        responseTime = Int(clamping: view.lastByte.since(view.sent).nanoseconds / 1000)
    }

    override class var luaType: LuaObjectType {
        LuaObjectType(
            name: "injection", fields: ["id", "type", "query", "query_time", "response_time", "resultset"])
    }

    override func read(field: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        try answer.checkHook()
        switch field {
        case 0, 1: try frame.push(id)
        case 2: try frame.push(query)
        case 3: try frame.push(queryTime)
        case 4: try frame.push(responseTime)
        default: try frame.push(LuaResultset(answer))
        }
        return 1
    }
}

/// `injection.resultset`: what the server answered.
final class LuaResultset: LuaObject {
    private let answer: KeptAnswer

    init(_ answer: KeptAnswer) { self.answer = answer }

    override class var luaType: LuaObjectType {
        LuaObjectType(
            name: "resultset",
            fields: [
                "fields", "rows", "raw", "row_count", "bytes", "flags", "warning_count", "affected_rows", "insert_id",
                "query_status",
            ])
    }

    override func read(field: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        try answer.checkHook()
        switch field {
        case 0: try frame.push(LuaFields(answer, try answer.result().columns))
        case 1: return try pushRows(&frame)
        case 2: return try frame.pushPresent(try answer.firstPayload())
        case 5: try pushFlags(&frame)
        default: return try readNumber(field, &frame)
        }
        return 1
    }

    private func readNumber(_ field: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        let summary = answer.summary
        switch field {
        case 3: try frame.push(Int(clamping: summary.rows))
        case 4: try frame.push(Int(clamping: summary.rowBytes))
        case 6: try frame.push(Int(summary.warnings))
        case 7, 8:
            guard summary.columns == 0 else { return 0 }
            try frame.push(Int(clamping: field == 7 ? summary.affectedRows : summary.lastInsertID))
        default: try frame.push(summary.isError ? 255 : 0)
        }
        return 1
    }

    private func pushFlags(_ frame: inout LuaFrame) throws(LuaError) {
        let status = answer.summary.status
        try frame.pushTable(fields: 4)
        let table = frame.count
        for (name, isSet) in [
            ("in_trans", status.contains(.inTransaction)), ("auto_commit", status.contains(.autocommit)),
            ("no_good_index_used", status.contains(.noGoodIndexUsed)),
            ("no_index_used", status.contains(.noIndexUsed)),
        ] {
            try frame.push(isSet)
            try frame.popIntoField(name, of: table)
        }
    }

    /// An iterator for `for row in …`; each begins at the first row.
    private func pushRows(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let answer = answer
        guard try !answer.result().columns.isEmpty else { return 0 }
        var next = 0
        try frame.push(function: { frame throws(LuaError) in
            try answer.checkHook()
            guard try answer.pushRow(next, on: &frame) else { return 0 }
            next += 1
            return 1
        })
        return 1
    }
}
