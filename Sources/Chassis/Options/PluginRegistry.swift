public import ArgumentParser
public import PluginAPI

/// The plugins that are built in, introduced by the executable.
public struct PluginRegistry {
    /// A plugin that can be loaded, its types erased.
    struct Entry {
        let name: String
        let summary: String
        let table: OptionTable
        /// The group's part of `--help`, for a number of columns.
        let help: (Int) -> String
        /// Parses the group's arguments and answers how to make the plugin.
        let configure: ([String]) throws -> (any PluginHost) throws -> any Plugin
        /// The words for an error that `configure` has thrown.
        let message: (any Error) -> String
    }

    /// The plugins in the order in which they were introduced.
    private(set) var entries: [Entry] = []
    private var failure: ConfigurationError?

    /// A registry that knows no plugin.
    public init() {}

    /// The names of all plugins that can be loaded.
    public var names: [String] { entries.map(\.name) }

    /// Introduces a plugin, which `--plugins` can then name.
    public mutating func register<P: Plugin>(_ plugin: P.Type) where P.Options: ParsableArguments {
        do {
            entries.append(
                Entry(
                    name: P.name, summary: P.summary, table: try OptionTable(of: P.Options.self),
                    help: { optionHelp(of: P.Options.self, columns: $0) },
                    configure: { arguments in
                        let options = try P.Options.parse(arguments)
                        return { host in try P(options: options, host: host) }
                    },
                    message: { P.Options.message(for: $0) }))
        } catch {
            failure = ConfigurationError("the options of plugin \(P.name) can't be read: \(error)")
        }
    }

    /// Throws where a plugin's options could not be read when it was introduced.
    func check() throws(ConfigurationError) {
        if let failure { throw failure }
    }

    func entry(named name: String) throws(ConfigurationError) -> Entry {
        if let entry = entries.first(where: { $0.name == name }) { return entry }
        let known = names.isEmpty ? "none is built in" : "known are: " + names.joined(separator: ", ")
        throw ConfigurationError("unknown plugin '\(name)'; \(known)")
    }
}
