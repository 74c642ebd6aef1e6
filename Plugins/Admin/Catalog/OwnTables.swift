import PluginAPI

/// The tables that the port has of its own: mysql-proxy's `help` and `backends`.
struct OwnTables {
    let sections: [any ConfigurationSection]
    let commands: [AdministrativeCommand]
    let host: any PluginHost

    var tables: [ProvidedTable] { [help, backends] }

    private var help: ProvidedTable {
        let rows = lines.map { [Cell.text($0.0), Cell.text($0.1)] }
        return ProvidedTable(
            schema: "temp", definition: TableDefinition(name: "help", ["command TEXT", "description TEXT"])
        ) { _ in
            rows
        }
    }

    private var lines: [(String, String)] {
        let names = sections.map(\.name).joined(separator: ", ")
        let singular = sections.compactMap { ($0 as? any NamedConfigurationSection)?.singular }
        let ofOne = singular.map { ("LOAD \($0) name TO RUNTIME", "uses the rows of that name, and leaves the others") }
        let own = [
            ("SELECT * FROM help", "shows this help"),
            ("SELECT * FROM backends", "lists the servers and their state"),
            ("SHOW TABLES [FROM main|stats|disk]", "lists the tables; runtime_ ones show what is in use"),
            ("LOAD section TO RUNTIME", "checks what the tables hold and uses it; sections: \(names)"),
            ("LOAD section VERIFY", "only checks it"),
            ("SAVE section TO DISK", "keeps it for the next start; needs --admin-database"),
            ("LOAD section FROM DISK", "brings what was saved back into the tables"),
            ("LOAD section FROM CONFIG", "brings what --admin-config-file says into the tables"),
            ("SAVE section FROM RUNTIME", "brings what is in use back into the tables"),
            ("SAVE CONFIG TO FILE path", "writes what the tables hold as SQL for --admin-config-file"),
            ("SELECT CONFIG FILE", "shows that text"),
            ("CHECKSUM [DISK|MEMORY|RUNTIME] section", "a number for each table, the same where the contents are"),
            ("BEGIN, COMMIT, ROLLBACK", "changes of the tables as one step; LOAD and SAVE commit"),
            ("PROXYSQL READONLY|READWRITE|SHUTDOWN", "admin-read_only at once, or a shutdown that drains"),
            ("SHOW CONFIG DIFF", "compares tables, what is in use and what was saved"),
            ("SET prefix-name = value", "changes a setting in global_variables; LOAD … VARIABLES TO RUNTIME uses it"),
            ("SHOW WARNINGS", "tells what the last statement's warnings are"),
            ("SHOW PROCESSLIST", "lists the clients' sessions"),
            ("SHOW PROMETHEUS METRICS", "shows the statistics in Prometheus's text format"),
        ]
        let kill = commands.contains { $0.words == "KILL" } ? [] : [("KILL id", "ends a session of this port")]
        return own + ofOne + kill + commands.map { ($0.words, $0.summary) }
    }

    private var backends: ProvidedTable {
        let definition = TableDefinition(
            name: "backends",
            [
                "backend_ndx INTEGER", "address TEXT", "state TEXT", "type TEXT", "uuid TEXT",
                "connected_clients INTEGER",
            ])
        return ProvidedTable(schema: "temp", definition: definition) { [host] _ in
            host.backends.all.enumerated().map { index, backend in
                [
                    Cell(index + 1), .text("\(backend.endpoint)"), .text("\(backend.state)"),
                    .text(backend.role == .readWrite ? "rw" : "ro"), Cell(backend.uuid),
                    Cell(backend.connectedClients),
                ]
            }
        }
    }
}
