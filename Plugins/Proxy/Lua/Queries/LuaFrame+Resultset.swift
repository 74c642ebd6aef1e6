import LuaVM
import MySQLWire

extension LuaFrame {
    /// Reads `{ fields = {{name =, type =}, …}, rows = {{…}, …} }`.
    mutating func resultset(_ table: Int, _ room: ResponseRoom) throws(LuaError) -> LuaResponse {
        guard try pushField("fields", of: table) == .table else {
            throw LuaError("proxy.response.resultset.fields must be a table, as {{ name = \"id\" }}")
        }
        var room = room
        let columns = try columns(count, &room)
        guard !columns.isEmpty else {
            throw LuaError("proxy.response.resultset.fields is empty: a result set has at least one field")
        }
        guard try pushField("rows", of: table) == .table else {
            throw LuaError("proxy.response.resultset.rows must be a table, as {{ \"1\" }} or {}")
        }
        return .result(columns: columns, rows: try rows(count, columns.count, &room))
    }

    private mutating func columns(
        _ fields: Int, _ room: inout ResponseRoom
    ) throws(LuaError) -> [ColumnDefinition] {
        var columns: [ColumnDefinition] = []
        while try pushElement(columns.count + 1, of: fields) != .nil {
            guard kind(at: count) == .table else {
                throw LuaError("proxy.response.resultset.fields[\(columns.count + 1)] must be a table with a name")
            }
            let field = count
            try pushField("name", of: field)
            let name = string(at: count) ?? "no-field-name"
            try pushField("type", of: field)
            let type = integer(at: count).flatMap { UInt8(exactly: $0) } ?? ColumnType.string.rawValue
            try room.take(name.utf8.count + 64)
            columns.append(
                ColumnDefinition(
                    name: name, type: ColumnType(rawValue: type), flags: .primaryKey, collation: 8, length: 32))
            pop(3)
        }
        return columns
    }

    private mutating func rows(
        _ table: Int, _ width: Int, _ room: inout ResponseRoom
    ) throws(LuaError) -> [[[UInt8]?]] {
        var rows: [[[UInt8]?]] = []
        while try pushElement(rows.count + 1, of: table) != .nil {
            guard kind(at: count) == .table else {
                throw LuaError("proxy.response.resultset.rows[\(rows.count + 1)] must be a table of values")
            }
            let row = count
            try pushElements(width, of: row)
            var values: [[UInt8]?] = []
            values.reserveCapacity(width)
            for column in 1...width {
                let value = try cell(rows.count + 1, column, at: row + column)
                try room.take((value?.count ?? 0) + 9)
                values.append(value)
            }
            try room.take(1)
            rows.append(values)
            pop(width + 1)
        }
        return rows
    }

    /// A value as text; nil and booleans are NULL, as in mysql-proxy.
    private mutating func cell(_ row: Int, _ column: Int, at index: Int) throws(LuaError) -> [UInt8]? {
        if let bytes = bytes(at: index) { return bytes }
        switch kind(at: index) {
        case .nil, .none, .boolean: return nil
        case .number:
            if let whole = integer(at: index) { return Array("\(whole)".utf8) }
            return Array(try text(at: index).utf8)
        case .string, .table, .function, .userdata, .lightUserdata, .thread:
            throw LuaError(
                "proxy.response.resultset.rows[\(row)][\(column)] is \(description(at: index)): "
                    + "give a string, a number or nil")
        }
    }
}
