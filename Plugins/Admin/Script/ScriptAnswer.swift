import LuaVM
import MySQLWire

/// What `proxy.response` says.
enum ScriptAnswer: Equatable {
    case ok(affected: Int, id: Int)
    case error(SQLError)
    case rows([ColumnDefinition], [[BinaryValue]])
}

extension LuaFrame {
    /// Reads `proxy.response` from a session's own table.
    mutating func scriptAnswer(in own: LuaReference) throws(LuaError) -> ScriptAnswer {
        try push(own)
        guard try pushField("response", of: count) == .table else {
            throw LuaError("proxy.response is no table; proxy.response = { type = proxy.MYSQLD_PACKET_OK }")
        }
        let response = count
        try pushField("type", of: response)
        switch integer(at: count) {
        case 0: return try ok(response)
        case 255: return .error(try error(response))
        default:
            throw LuaError(
                "proxy.response.type is \(description(at: count)): set it to proxy.MYSQLD_PACKET_OK or "
                    + "proxy.MYSQLD_PACKET_ERR")
        }
    }

    private mutating func ok(_ response: Int) throws(LuaError) -> ScriptAnswer {
        if try pushField("resultset", of: response) == .table {
            let resultset = count
            guard try pushField("fields", of: resultset) == .table else {
                throw LuaError("proxy.response.resultset.fields must be a table, as {{ name = \"id\" }}")
            }
            let columns = try columns(count)
            guard try pushField("rows", of: resultset) == .table else {
                throw LuaError("proxy.response.resultset.rows must be a table, as {{ \"1\" }} or {}")
            }
            return .rows(columns, try rows(count, columns.count))
        }
        return .ok(affected: try number("affected_rows", of: response), id: try number("insert_id", of: response))
    }

    private mutating func number(_ name: String, of table: Int) throws(LuaError) -> Int {
        try pushField(name, of: table)
        defer { pop() }
        return Int(max(0, integer(at: count) ?? 0))
    }

    private mutating func error(_ response: Int) throws(LuaError) -> SQLError {
        let code = try number("errcode", of: response)
        try pushField("errmsg", of: response)
        let message = string(at: count) ?? "(lua) proxy.response.errmsg is nil"
        try pushField("sqlstate", of: response)
        let number = UInt16(exactly: code).flatMap { $0 == 0 || $0 == .max ? nil : $0 } ?? 1105
        return SQLError(code: number, state: string(at: count) ?? "07000", message: message)
    }

    private mutating func columns(_ fields: Int) throws(LuaError) -> [ColumnDefinition] {
        var columns: [ColumnDefinition] = []
        while try pushElement(columns.count + 1, of: fields) == .table {
            let field = count
            try pushField("name", of: field)
            let name = string(at: count) ?? "no-field-name"
            try pushField("type", of: field)
            let type = integer(at: count).flatMap { UInt8(exactly: $0) }.map(ColumnType.init) ?? .string
            columns.append(ColumnDefinition(name: name, type: type, collation: 45, length: 65535))
            pop(3)
        }
        guard !columns.isEmpty else {
            throw LuaError("proxy.response.resultset.fields is empty: a result set has at least one field")
        }
        return columns
    }

    private mutating func rows(_ table: Int, _ width: Int) throws(LuaError) -> [[BinaryValue]] {
        var rows: [[BinaryValue]] = []
        while try pushElement(rows.count + 1, of: table) == .table {
            let row = count
            try pushElements(width, of: row)
            var values: [BinaryValue] = []
            for column in 1...width {
                values.append(try cell(at: row + column))
            }
            rows.append(values)
            pop(width + 1)
        }
        return rows
    }

    /// A value as text; nil and booleans are NULL, as in mysql-proxy.
    private mutating func cell(at index: Int) throws(LuaError) -> BinaryValue {
        switch kind(at: index) {
        case .string: return .bytes(bytes(at: index) ?? [])
        case .number:
            if let whole = integer(at: index) { return .bytes(Array(String(whole).utf8)) }
            return .bytes(Array(try text(at: index).utf8))
        case .nil, .none, .boolean: return .null
        case .table, .function, .userdata, .lightUserdata, .thread:
            throw LuaError("proxy.response.resultset.rows holds \(description(at: index)): give strings and numbers")
        }
    }
}
