import GRDBSQLite
import MySQLWire

/// Decides what a statement may do, and notes which tables it names; SQLite asks while it compiles.
final class Authorizer {
    /// Whose statement is compiled.
    enum Mode: Sendable {
        /// The port's own.
        case trusted
        case administrator
        /// An administrator's while the port is set to be read only.
        case reader
        /// The account that reads statistics.
        case statistics
    }

    var mode: Mode
    private let catalog: Catalog
    /// The tables made on demand that the statement reads, as `schema.name` in lower case.
    private(set) var reads: Set<String> = []
    /// The tables that the statement writes.
    private(set) var writes: Set<String> = []
    /// Why the statement was refused.
    private(set) var refusal: SQLError?

    init(catalog: Catalog, mode: Mode) {
        self.catalog = catalog
        self.mode = mode
    }

    /// A new statement is compiled.
    func begin() {
        reads = []
        writes = []
        refusal = nil
    }

    /// The connection must not outlive this value; strings are SQLite's and copied at once.
    func register(on connection: OpaquePointer) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_set_authorizer(
            connection,
            { context, action, first, second, third, _ in
                guard let context else { return SQLITE_DENY }
                let authorizer = Unmanaged<Authorizer>.fromOpaque(context).takeUnretainedValue()
                if authorizer.mode == .trusted { return SQLITE_OK }
                func text(_ start: UnsafePointer<CChar>?) -> String { start.map { String(cString: $0) } ?? "" }
                return authorizer.allows(action, text(first), text(second), text(third)) ? SQLITE_OK : SQLITE_DENY
            }, context)
    }

    private func allows(_ action: Int32, _ first: String, _ second: String, _ schema: String) -> Bool {
        switch action {
        case SQLITE_SELECT, SQLITE_RECURSIVE: true
        case SQLITE_READ: allowsRead(first.lowercased(), schema.lowercased())
        case SQLITE_INSERT, SQLITE_UPDATE, SQLITE_DELETE: allowsWrite(first.lowercased(), schema.lowercased())
        case SQLITE_FUNCTION: allowsFunction(second.lowercased())
        case SQLITE_PRAGMA: allowsPragma(first.lowercased())
        case SQLITE_ATTACH, SQLITE_DETACH: refuse("ATTACH and DETACH aren't for clients")
        case SQLITE_TRANSACTION, SQLITE_SAVEPOINT: refuse("transactions aren't for clients")
        case _: refuse("the tables of this port are fixed: no CREATE, ALTER or DROP")
        }
    }

    private func allowsRead(_ table: String, _ schema: String) -> Bool {
        if schema.isEmpty { return allowsRead(unqualified: table) }
        if let provided = catalog.provided(table, in: schema) {
            if mode == .statistics, !provided.isForEverybody {
                return refuse("only administrators may read \(table)")
            }
            if provided.isReset, mode == .reader { return refuse(Self.readOnly) }
            reads.insert(schema + "." + table)
            return true
        }
        return mode != .statistics || schema == "information_schema"
            || refuse("this account reads statistics; only administrators may read \(table)")
    }

    /// SQLite tells no schema where no column is read, as COUNT(*) does; nor a table where it is another query.
    private func allowsRead(unqualified table: String) -> Bool {
        if let provided = catalog.named(table, schema: nil) { return allowsRead(table, provided.schema) }
        return catalog.isConfiguration(table) ? allowsRead(table, "main") : true
    }

    private func allowsWrite(_ table: String, _ schema: String) -> Bool {
        switch mode {
        case .trusted: return true
        case .statistics: return refuse("this account reads statistics and changes nothing")
        case .reader: return refuse(Self.readOnly)
        case .administrator:
            if schema == "disk" { return refuse("disk is written by SAVE … TO DISK only") }
            guard schema == "main", catalog.isConfiguration(table) else {
                return refuse("\(table) shows what is so, and can't be written")
            }
            writes.insert(table)
            return true
        }
    }

    private func allowsFunction(_ name: String) -> Bool {
        guard ["load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"].contains(name) else { return true }
        return refuse("\(name)() isn't for clients")
    }

    private func allowsPragma(_ name: String) -> Bool {
        let reading: Set = [
            "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "database_list",
            "foreign_key_list", "function_list", "compile_options",
        ]
        return reading.contains(name) || refuse("PRAGMA \(name) isn't for clients")
    }

    private static let readOnly = "admin-read_only is true; SET admin-read_only='false' first"

    private func refuse(_ reason: String) -> Bool {
        refusal = refusal ?? SQLError(code: 1227, state: "42000", message: "Access denied: \(reason)")
        return false
    }
}
