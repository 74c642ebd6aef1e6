package import GRDB
import GRDBSQLite
package import MySQLWire
package import ServerSide

/// Steps through a statement's rows and sends each as it comes.
///
/// The raw SQLite calls are safe here: the statement is alive as long as this value, used on its database's queue only,
/// and column numbers are below its column count; a column's bytes are copied before the next step.
package struct RowStream {
    private let raw: OpaquePointer
    private let connection: OpaquePointer?
    private let schema: String

    /// The rows of a compiled statement.
    ///
    /// - Parameter schema: the name that clients are told for the tables' schema.
    package init(statement raw: OpaquePointer, connection: OpaquePointer?, schema: String) {
        self.raw = raw
        self.connection = connection
        self.schema = schema
    }

    /// The columns by their declared types; expressions are text.
    package var declaredColumns: [ResultColumn] { columns { _ in .varString } }

    /// Sends all rows with their front and end.
    ///
    /// - Returns: how many rows there were.
    package func send(
        to reply: CommandReply, warnings: UInt16 = 0, status: () -> StatusFlags
    ) throws -> Int64 {
        defer { sqlite3_reset(raw) }
        var columns: [ResultColumn] = []
        var count: Int64 = 0
        while try step() {
            if count == 0 {
                columns = self.columns(expressionType: typeOfValue)
                reply.begin(columns: columns, status: status())
            }
            count += 1
            let values = columns.indices.map {
                value(at: Int32($0)).coerced(to: columns[$0].type, decimals: columns[$0].decimals)
            }
            guard try reply.row(values) else { return count }
        }
        if count == 0 { reply.begin(columns: declaredColumns, status: status()) }
        sqlite3_reset(raw)
        reply.endRows(status: status(), warnings: warnings)
        return count
    }

    private func step() throws -> Bool {
        switch sqlite3_step(raw) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            throw DatabaseError(code, of: connection)
        }
    }

    private func columns(expressionType: (Int32) -> ColumnType) -> [ResultColumn] {
        (0..<sqlite3_column_count(raw)).map { index in
            let declared = sqlite3_column_decltype(raw, index).map { String(cString: $0) }
            let type = declared.map(ColumnType.init(declared:)) ?? expressionType(index)
            let name = sqlite3_column_name(raw, index).map { String(cString: $0) } ?? ""
            let table = sqlite3_column_table_name(raw, index).map { String(cString: $0) } ?? ""
            var column = ResultColumn(name: name, type: type, schema: schema, table: table)
            if type == .newDecimal { column.decimals = Self.scale(of: declared ?? "") }
            return column
        }
    }

    /// The second number of `DECIMAL(10, 2)`; at most 30, as in MySQL.
    private static func scale(of declared: String) -> UInt8 {
        let digits = declared.split(separator: ",").dropFirst().first?.filter { $0.isASCII && $0.isNumber } ?? ""
        return min(30, UInt8(digits) ?? 0)
    }

    /// The type of the present row's value.
    private func typeOfValue(_ index: Int32) -> ColumnType {
        switch sqlite3_column_type(raw, index) {
        case SQLITE_INTEGER: .longLong
        case SQLITE_FLOAT: .double
        case SQLITE_BLOB: .blob
        case _: .varString
        }
    }

    private func value(at index: Int32) -> BinaryValue {
        switch sqlite3_column_type(raw, index) {
        case SQLITE_NULL: .null
        case SQLITE_INTEGER: .signed(sqlite3_column_int64(raw, index))
        case SQLITE_FLOAT: .double(sqlite3_column_double(raw, index))
        case _: .bytes(bytes(at: index))
        }
    }

    private func bytes(at index: Int32) -> [UInt8] {
        let start = sqlite3_column_blob(raw, index)
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(raw, index))))
    }
}

extension DatabaseError {
    /// The error that a call with this result code has left at the connection.
    package init(_ code: Int32, of connection: OpaquePointer?) {
        let message = sqlite3_errmsg(connection).map { String(cString: $0) }
        let extended = sqlite3_extended_errcode(connection)
        self.init(resultCode: ResultCode(rawValue: extended == 0 ? code : extended), message: message)
    }
}

/// A column of a result; GRDB has a type of the same name.
package typealias ResultColumn = MySQLWire.ColumnDefinition

extension ColumnType {
    /// The type that MySQL's clients are told for a declared type; SQLite's rules of affinity, with MySQL's DECIMAL.
    package init(declared: String) {
        let name = declared.uppercased()
        func has(_ parts: String...) -> Bool { parts.contains { name.contains($0) } }
        if has("INT", "BOOL") {
            self = .longLong
        } else if has("CHAR", "CLOB", "TEXT") {
            self = .varString
        } else if has("BLOB", "BINARY") {
            self = .blob
        } else if has("REAL", "FLOA", "DOUB") {
            self = .double
        } else {
            self = has("DECIMAL", "NUMERIC") ? .newDecimal : .varString
        }
    }
}

extension ResultColumn {
    /// A column of a result; numbers and blobs have the binary collation, which tells clients that they aren't text.
    fileprivate init(name: String, type: ColumnType, schema: String, table: String) {
        let isText = type == .varString
        let length: UInt32 = type == .longLong ? 20 : type == .double ? 22 : 65535
        self.init(
            name: name, type: type, flags: isText ? [] : .binary, collation: isText ? 45 : 63, length: length,
            decimals: type == .double ? 31 : 0, schema: table.isEmpty ? "" : schema, table: table,
            originalTable: table, originalName: table.isEmpty ? "" : name)
    }
}
