import ServerSide

/// What the port answers to clients that ask it for MySQL's variables.
enum ServerVariables {
    static let all = CommonVariables.values.merging([
        "license": "Apache-2.0", "sql_mode": "NO_BACKSLASH_ESCAPES", "version": AdminServer.version,
        "version_comment": "Millrace admin port (SQLite)",
    ]) { $1 }

    static func value(_ name: String) -> String? { all[name.lowercased()] }
}
