import GRDB
import GRDBSQLite
package import MySQLWire

/// A statement compiled by SQLite itself, for where each step counts.
///
/// The raw calls are safe here: the statement is alive as long as this value, which is used by one thread at a time and
/// let go before its connection is closed; bound bytes are copied by SQLite, and column numbers are below the count.
package final class SQLStatement {
    /// The statement, for ``RowStream``.
    package let raw: OpaquePointer
    private let connection: OpaquePointer?

    /// Compiles the one statement in `sql`.
    ///
    /// - Returns: nil where the text holds blanks and comments only.
    package init?(_ sql: String, on connection: OpaquePointer?) throws {
        var statement: OpaquePointer?
        var sql = sql
        let code = sql.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) {
                sqlite3_prepare_v2(connection, $0.baseAddress, Int32(clamping: $0.count), &statement, nil)
            }
        }
        guard code == SQLITE_OK else { throw DatabaseError(code, of: connection) }
        guard let statement else { return nil }
        raw = statement
        self.connection = connection
    }

    deinit { sqlite3_finalize(raw) }

    /// How many columns each row has; 0 where there are no rows.
    package var columnCount: Int { Int(sqlite3_column_count(raw)) }
    /// How many parameters it has.
    package var parameterCount: Int { Int(sqlite3_bind_parameter_count(raw)) }
    /// Whether it changes nothing.
    package var isReadOnly: Bool { sqlite3_stmt_readonly(raw) != 0 }

    /// Goes to the next row.
    ///
    /// - Returns: whether there is one.
    package func step() throws -> Bool {
        let code = sqlite3_step(raw)
        if code == SQLITE_ROW { return true }
        guard code == SQLITE_DONE else {
            let error = DatabaseError(code, of: connection)
            sqlite3_reset(raw)
            throw error
        }
        return false
    }

    /// Runs it to its end, and makes it ready for the next run.
    package func run() throws {
        defer { sqlite3_reset(raw) }
        while try step() {}
    }

    /// Makes it ready for the next run.
    package func reset() { sqlite3_reset(raw) }

    /// The type of a column's value in the present row.
    package func kind(_ column: Int) -> SQLValueKind {
        switch sqlite3_column_type(raw, Int32(column)) {
        case SQLITE_INTEGER: .integer
        case SQLITE_FLOAT: .real
        case SQLITE_NULL: .null
        case _: .text
        }
    }

    /// A whole number of the present row.
    package func integer(_ column: Int) -> Int64 { sqlite3_column_int64(raw, Int32(column)) }
    /// A number of the present row.
    package func real(_ column: Int) -> Double { sqlite3_column_double(raw, Int32(column)) }
    /// A text or blob of the present row; what isn't UTF-8 is mended.
    package func text(_ column: Int) -> String {
        let start = sqlite3_column_text(raw, Int32(column))
        let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(raw, Int32(column))))
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What a value of SQLite is; blobs count as text.
package enum SQLValueKind: Sendable {
    case null, integer, real, text
}

// MARK: Parameters

extension SQLStatement {
    /// Binds NULL; parameters are numbered from 1.
    package func bindNull(_ index: Int) { sqlite3_bind_null(raw, Int32(index)) }
    /// Binds a whole number.
    package func bind(_ index: Int, _ number: Int64) { sqlite3_bind_int64(raw, Int32(index), number) }
    /// Binds a number.
    package func bind(_ index: Int, _ number: Double) { sqlite3_bind_double(raw, Int32(index), number) }

    /// Binds a text.
    package func bind(_ index: Int, _ text: String) {
        var text = text
        text.withUTF8 { bind(index, $0) }
    }

    /// Binds the bytes of a text.
    package func bind(_ index: Int, _ bytes: UnsafeBufferPointer<UInt8>) {
        bytes.withMemoryRebound(to: CChar.self) { text in
            let empty: StaticString = ""
            let start = text.baseAddress ?? UnsafeRawPointer(empty.utf8Start).assumingMemoryBound(to: CChar.self)
            _ = sqlite3_bind_text(raw, Int32(index), start, Int32(clamping: text.count), Self.copies)
        }
    }

    /// Binds what a client has sent.
    package func bind(_ index: Int, _ value: BinaryValue) {
        switch value.databaseValue.storage {
        case .null: bindNull(index)
        case .int64(let number): bind(index, number)
        case .double(let number): bind(index, number)
        case .string(let text): bind(index, text)
        case .blob(let data):
            _ = Array(data).withUnsafeBytes { bytes in
                sqlite3_bind_blob(raw, Int32(index), bytes.baseAddress, Int32(clamping: bytes.count), Self.copies)
            }
        }
    }

    /// SQLITE_TRANSIENT: SQLite copies what is bound before the call returns. The C macro is this number as a pointer.
    private static var copies: sqlite3_destructor_type {
        unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }
}
