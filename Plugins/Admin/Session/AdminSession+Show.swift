import EmbeddedSQL
import MySQLWire
import PluginAPI

/// SHOW and DESCRIBE.
extension AdminSession {
    func show(_ text: StatementText, _ output: Output) throws {
        var index = 1
        while ["FULL", "GLOBAL", "SESSION", "ALL", "EXTENDED", "LOCAL"].contains(text.word(index)) { index += 1 }
        let what = text.word(index)
        switch what {
        case "TABLES": try showTables(text, index + 1, output)
        case "DATABASES", "SCHEMAS":
            try list(["Database"], try schemas().map { [.text($0.schema)] }, filter: filter(text, index + 1), output)
        case "CREATE": try showCreate(text, index + 1, output)
        case "VARIABLES": try showVariables(prefix: nil, text, index + 1, output)
        case "STATUS": try showStatus(text, index + 1, output)
        case "PROCESSLIST":
            let columns = ["Id", "User", "Host", "db", "Command", "Time", "State", "Info"]
            try list(columns, try processes(isFull: text.word(1) == "FULL"), filter: filter(text, index + 1), output)
        case "WARNINGS", "ERRORS":
            let rows = what == "ERRORS" ? [] : warnings.map { [Cell.text("Warning"), .integer(1105), .text($0)] }
            try list(["Level", "Code", "Message"], rows, output, warnings: warnings.count)
        case "COLUMNS", "FIELDS": try describe(text, at: index + 2, output)
        case "CONFIG" where text.word(index + 1) == "DIFF": try showDifferences(text, index + 2, output)
        case "PROMETHEUS" where text.word(index + 1) == "METRICS":
            try list(["Data"], [[.text(PrometheusText(try requireWorld().catalog.statistics).text)]], output)
        case _: try showOffered(text, index, output)
        }
    }

    /// `SHOW MYSQL VARIABLES`, `SHOW MYSQL STATUS`, `SHOW MYSQL SERVERS`, and what clients ask of any server.
    private func showOffered(_ text: StatementText, _ index: Int, _ output: Output) throws {
        let world = try requireWorld()
        if text.word(index + 1) == "VARIABLES" {
            return try showVariables(prefix: text.word(index).lowercased() + "-", text, index + 2, output)
        }
        if text.word(index + 1) == "STATUS", text.word(index) == "MYSQL" {
            return try showStatus(text, index + 2, output)
        }
        let table = text.words.dropFirst(index).joined(separator: "_").lowercased()
        if world.catalog.isConfiguration(table), text.words.count == text.pieces.count {
            let sql = StatementText.split(Array("SELECT * FROM main.\(Literal.name(table))".utf8))
            if let statement = sql.first { return try run(try prepare(statement), [], output) }
        }
        guard let listing = FixedListing(text.words.dropFirst(index)) else {
            throw AdminError.syntax("near \"\(text.word(index))\": SHOW doesn't know this")
        }
        try list(listing.columns, listing.rows, filter: filter(text, past(text, index + listing.words)), output)
    }

    /// Behind the name of a schema, of which these lists know nothing.
    private func past(_ text: StatementText, _ index: Int) -> Int {
        ["FROM", "IN"].contains(text.word(index)) ? index + 2 : index
    }

    /// What stands behind a SHOW: LIKE, WHERE or nothing.
    private func filter(_ text: StatementText, _ index: Int) throws -> ListFilter {
        switch text.word(index) {
        case "": if index >= text.pieces.count { return .none }
        case "LIKE":
            if index + 2 == text.pieces.count { return .like(text.pieces[index + 1].text) }
        case "WHERE": return .where(try text.sqlite(from: index + 1, surroundings()))
        case _: break
        }
        throw AdminError.syntax("near \"\(text.source(from: index))\": expected LIKE or WHERE")
    }

    /// The schemas that the account may see.
    private func schemas() throws -> [(schema: String, tables: [TableDefinition])] {
        let all = try requireWorld().shownTables
        return isAdministrator ? all : all.filter { $0.schema != AdminStore.schema && $0.schema != "disk" }
    }

    private func showTables(_ text: StatementText, _ index: Int, _ output: Output) throws {
        var (schema, index) = (state.with { $0.schema }, index)
        if ["FROM", "IN"].contains(text.word(index)), index + 1 < text.pieces.count {
            (schema, index) = (text.pieces[index + 1].text.lowercased(), index + 2)
        }
        guard let found = try schemas().first(where: { $0.schema == schema }) else {
            throw AdminError.unknownSchema(schema)
        }
        let names = found.tables.map(\.name).sorted()
        guard text.words.contains("FULL") else {
            return try list(["tables"], names.map { [.text($0)] }, filter: filter(text, index), output)
        }
        let rows = names.map { [Cell.text($0), .text("BASE TABLE")] }
        try list(["tables", "Table_type"], rows, filter: filter(text, index), output)
    }

    private func showVariables(prefix: String?, _ text: StatementText, _ index: Int, _ output: Output) throws {
        var rows: [[Cell]] = []
        if isAdministrator {
            rows = try open().fetch("SELECT variable_name, variable_value FROM main.global_variables")
        }
        if let prefix {
            rows = rows.filter { $0[0].text?.hasPrefix(prefix) == true }
            guard try requireWorld().catalog.variables.keys.contains(where: { $0.hasPrefix(prefix) }) else {
                throw AdminError.syntax("no variables begin with \(prefix)")
            }
        } else {
            rows += ServerVariables.all.map { [.text($0.key), .text($0.value)] }
        }
        rows.sort { ($0[0].text ?? "") < ($1[0].text ?? "") }
        try list(["Variable_name", "Value"], rows, filter: filter(text, index), output)
    }

    private func showStatus(_ text: StatementText, _ index: Int, _ output: Output) throws {
        let world = try requireWorld()
        let table = world.catalog.statistics.first { $0.definition.name == "stats_mysql_global" }
        let rows =
            table?.rows(false) ?? [[.text("Uptime"), Cell(world.server.uptime)]]
        try list(["Variable_name", "Value"], rows.filter { $0.count == 2 }, filter: filter(text, index), output)
    }

    private func showDifferences(_ text: StatementText, _ index: Int, _ output: Output) throws {
        guard isAdministrator else { throw AdminError.administratorsOnly }
        let rows = try requireWorld().layers.differences().map(\.cells)
        try list(ConfigurationDifference.columns, rows, filter: filter(text, index), output)
    }
}

// MARK: One table

extension AdminSession {
    /// The table that stands at a place, as `name`, `schema.name`, or `name FROM schema`.
    private func table(
        _ text: StatementText, _ index: Int
    ) throws -> (schema: String, table: TableDefinition, next: Int) {
        guard index < text.pieces.count, text.pieces[index].isName else {
            throw AdminError.syntax("a table's name is missing")
        }
        var (schema, name, next): (String?, String, Int) = (nil, text.pieces[index].text, index + 1)
        if next + 1 < text.pieces.count, text.pieces[next].isSymbol(".") {
            (schema, name, next) = (name, text.pieces[next + 1].text, next + 2)
        } else if ["FROM", "IN"].contains(text.word(next)), next + 1 < text.pieces.count {
            (schema, next) = (text.pieces[next + 1].text, next + 2)
        }
        let own = state.with { $0.schema }
        let candidates = try schemas().filter { schema == nil || $0.schema == schema?.lowercased() }
        for candidate in candidates.filter({ $0.schema == own }) + candidates {
            if let table = candidate.tables.first(where: { $0.name.lowercased() == name.lowercased() }) {
                return (candidate.schema, table, next)
            }
        }
        throw AdminError.unknownTable(name)
    }

    private func showCreate(_ text: StatementText, _ index: Int, _ output: Output) throws {
        guard text.word(index) == "TABLE" else {
            throw AdminError.syntax("SHOW CREATE is for tables")
        }
        let found = try table(text, index + 1)
        let columns = found.table.body
        try list(
            ["Table", "Create Table"],
            [[.text(found.table.name), .text("CREATE TABLE \(found.table.name) (\(columns))")]], output)
    }

    /// `DESCRIBE table` and `SHOW COLUMNS FROM table`.
    func describe(_ text: StatementText, at index: Int, _ output: Output) throws {
        let found = try table(text, index)
        let world = try requireWorld()
        let connection = try open()
        let provided = world.catalog.named(found.table.name.lowercased(), schema: found.schema)
        if let provided { try make(provided, on: connection) }
        let schema = provided?.schema ?? found.schema
        let rows = try connection.fetch(
            """
            SELECT name, lower(type), CASE WHEN "notnull" OR pk THEN 'NO' ELSE 'YES' END,
                CASE WHEN pk THEN 'PRI' ELSE '' END, trim(dflt_value, ''''), ''
            FROM pragma_table_info(\(Literal.text(found.table.name)), \(Literal.text(schema)))
            """)
        let isPlain =
            found.next >= text.pieces.count || !text.pieces[found.next].isName || text.word(found.next) == "LIKE"
            || text.word(found.next) == "WHERE"
        let filter = isPlain ? try filter(text, found.next) : .like(text.pieces[found.next].text)
        try list(["Field", "Type", "Null", "Key", "Default", "Extra"], rows, filter: filter, output)
    }
}
