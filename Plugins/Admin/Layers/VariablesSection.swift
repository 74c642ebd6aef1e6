import PluginAPI

/// The settings of one prefix, which `LOAD MYSQL VARIABLES …` and its like move between the layers.
final class VariablesSection: ConfigurationSection {
    static let table = TableDefinition(
        name: "global_variables", columns: ["variable_name", "variable_value"], key: ["variable_name"],
        body: "variable_name VARCHAR NOT NULL PRIMARY KEY, variable_value VARCHAR NOT NULL")

    /// The setting that no layer can change.
    static let version = "admin-version"

    let name: String
    /// What the names begin with, the `-` at its end.
    let prefix: String
    private let variables: [String: RuntimeVariable]

    private init(prefix: String, _ variables: [RuntimeVariable]) {
        name = prefix.uppercased() + " VARIABLES"
        self.prefix = prefix + "-"
        self.variables = Dictionary(variables.map { ($0.name, $0) }) { first, _ in first }
    }

    /// One section for each prefix, in alphabetic order.
    static func sections(of variables: [RuntimeVariable]) -> [any ConfigurationSection] {
        Dictionary(grouping: variables) { String($0.name.prefix { $0 != "-" }) }
            .sorted { $0.key < $1.key }.map { VariablesSection(prefix: $0.key, $0.value) }
    }

    var tables: [TableDefinition] { [Self.table] }

    /// What chooses the section's rows.
    var condition: String { "substr(variable_name, 1, \(prefix.count)) = '\(prefix)'" }

    func running() -> TableContents {
        let rows = variables.values.sorted { $0.name < $1.name }.map { [Cell.text($0.name), .text($0.current())] }
        return [Self.table.name: rows]
    }

    func prepare(_ contents: TableContents) throws(ConfigurationFault) -> PreparedConfiguration {
        var changes: [(RuntimeVariable, String)] = []
        for row in contents[Self.table.name] ?? [] {
            guard let name = row[0].text, let text = row[1].text else { continue }
            guard let variable = variables[name] else {
                throw fault(name, column: "variable_name", "there is no such variable")
            }
            changes.append((variable, try check(variable, text)))
        }
        let checked = changes
        return PreparedConfiguration {
            for (variable, text) in checked where variable.current() != text { variable.apply(text) }
        }
    }

    private func check(_ variable: RuntimeVariable, _ text: String) throws(ConfigurationFault) -> String {
        do {
            return try variable.check(text)
        } catch {
            throw fault(variable.name, column: "variable_value", error.reason)
        }
    }

    /// The text as it is shown once it is in use; itself where it can't be used.
    func shown(_ name: String, _ text: String) -> String {
        guard let checked = try? variables[name]?.check(text) else { return text }
        return checked
    }

    private func fault(_ name: String, column: String, _ reason: String) -> ConfigurationFault {
        ConfigurationFault(table: Self.table.name, row: "variable_name \(name)", column: column, reason: reason)
    }
}
