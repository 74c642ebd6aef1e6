import PluginAPI

/// `stats_lua`: a row for the script, over all loops.
struct LuaTable: Sendable {
    let source: ScriptSource
    let errors: ScriptErrorCount
    let engines: LuaEngines

    private static let columns = [
        "script", "reloads", "failed_reloads", "errors", "states", "memory_bytes", "peak_memory_bytes",
    ]

    var table: StatisticsTable {
        let definition = TableDefinition(
            name: "stats_lua", columns: Self.columns, key: ["script"],
            body: Self.columns.map { "\($0) \($0 == "script" ? "VARCHAR" : "INT")" }.joined(separator: ",\n"))
        return StatisticsTable(definition) { _ in
            let memory = engines.memory()
            return [
                [
                    .text(source.script.path), Cell(source.generation), Cell(source.failedReplacements),
                    Cell(errors.total), Cell(memory.states), Cell(memory.now), Cell(memory.most),
                ]
            ]
        }
    }
}
