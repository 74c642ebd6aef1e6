import GRDB
import PluginAPI

/// Which tables, settings and commands there are; fixed once every plugin has started.
final class Catalog: Sendable {
    /// The tables that administrators write, in the order of their sections.
    let configuration: [TableDefinition]
    let variables: [String: RuntimeVariable]
    let statistics: [StatisticsTable]
    /// The commands, those of more words first.
    let commands: [AdministrativeCommand]
    let provided: [ProvidedTable]
    private let providedByName: [String: ProvidedTable]
    private let configurationNames: Set<String>

    init(
        sections: [any ConfigurationSection], statistics: [StatisticsTable], commands: [AdministrativeCommand],
        host: any PluginHost, variables: [RuntimeVariable]
    ) throws {
        var tables: [TableDefinition] = []
        for table in sections.flatMap(\.tables) + [VariablesSection.table]
        where !tables.contains(where: { $0.name == table.name }) {
            tables.append(table)
        }
        configuration = tables
        configurationNames = Set(tables.map { $0.name.lowercased() })
        self.variables = Dictionary(variables.map { ($0.name, $0) }) { first, _ in first }
        self.statistics = statistics
        self.commands = commands.sorted { $0.words.count > $1.words.count }
        let own = OwnTables(sections: sections, commands: commands, host: host)
        let information = InformationSchema.tables
        provided =
            sections.flatMap(Self.runtimeTwins) + Self.runtimeVariables(variables) + own.tables
            + statistics.flatMap(Self.statisticsTables) + information
        providedByName = Dictionary(provided.map { ($0.schema + "." + $0.name, $0) }) { first, _ in first }
    }

    /// The table made on demand of that name, both in lower case.
    func provided(_ name: String, in schema: String) -> ProvidedTable? { providedByName[schema + "." + name] }

    /// Whether administrators write the table, whose name is in lower case.
    func isConfiguration(_ name: String) -> Bool { configurationNames.contains(name) }

    /// The table made on demand that a name means as clients write it, with the schema in front of it or nil.
    func named(_ name: String, schema: String?) -> ProvidedTable? {
        switch schema?.lowercased() {
        case nil: provided(name, in: "temp") ?? provided(name, in: "stats")
        case "main": provided(name, in: "temp")
        case let schema?: provided(name, in: schema)
        }
    }
}

extension Catalog {
    private static func runtimeTwins(of section: any ConfigurationSection) -> [ProvidedTable] {
        guard !(section is VariablesSection) else { return [] }
        return section.tables.map { table in
            ProvidedTable(schema: "temp", definition: table.named("runtime_" + table.name)) { [section] world in
                world.layers.running(section)[table.name] ?? []
            }
        }
    }

    private static func runtimeVariables(_ variables: [RuntimeVariable]) -> [ProvidedTable] {
        [
            ProvidedTable(
                schema: "temp", definition: VariablesSection.table.named("runtime_" + VariablesSection.table.name)
            ) { _ in
                variables.map { [.text($0.name), .text($0.current())] }
            }
        ]
    }

    private static func statisticsTables(_ table: StatisticsTable) -> [ProvidedTable] {
        let plain = ProvidedTable(schema: "stats", definition: table.definition, isForEverybody: true) { _ in
            table.rows(false)
        }
        guard table.isResettable else { return [plain] }
        let twin = table.definition.named(table.definition.name + "_reset")
        return [plain, ProvidedTable(schema: "stats", definition: twin, isReset: true) { _ in table.rows(true) }]
    }
}

// MARK: Settings

extension Catalog {
    /// Checks each row of `global_variables` as it is written, and writes the value as it will be shown: no password stays.
    static let triggers = ["INSERT", "UPDATE"].map { event in
        """
        CREATE TRIGGER IF NOT EXISTS main.global_variables_\(event.lowercased())
        AFTER \(event) ON global_variables
        BEGIN
            UPDATE global_variables
            SET variable_value = millrace_check_variable(NEW.variable_name, NEW.variable_value)
            WHERE variable_name = NEW.variable_name;
        END
        """
    }

    private static func checked(_ variable: RuntimeVariable, _ text: String) throws(DatabaseError) -> String {
        do {
            return try variable.check(text)
        } catch {
            throw DatabaseError(message: "Variable '\(variable.name)' can't be set: \(error.reason)")
        }
    }

    /// What the tables' triggers call.
    var functions: [DatabaseFunction] {
        [
            DatabaseFunction("millrace_check_variable", argumentCount: 2) { [variables] arguments in
                let name = String.fromDatabaseValue(arguments[0]) ?? ""
                guard let variable = variables[name] else {
                    throw DatabaseError(message: "Unknown global variable '\(name)'")
                }
                return try Self.checked(variable, String.fromDatabaseValue(arguments[1]) ?? "")
            },
            DatabaseFunction("millrace_knows_variable", argumentCount: 1) { [variables] arguments in
                variables[String.fromDatabaseValue(arguments[0]) ?? ""] != nil
            },
        ]
    }
}
