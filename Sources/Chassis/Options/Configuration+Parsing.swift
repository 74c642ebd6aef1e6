internal import ArgumentParser
internal import PluginAPI

extension Invocation {
    /// Parses a command line and the defaults file that it names.
    ///
    /// - Parameters:
    ///   - arguments: the words after the program's name.
    ///   - executable: the real path of the program; its folder's parent is the default of `--basedir`.
    /// - Throws: ``ConfigurationError`` with what is wrong, where, and what to do.
    public init(arguments: [String], registry: PluginRegistry, executable: String) throws(ConfigurationError) {
        try registry.check()
        let parsing = try ConfigurationParsing(arguments, registry: registry, executable: executable)
        if let request = parsing.scan.request {
            self = .answer(try registry.answer(to: request))
        } else {
            self = .run(try parsing.configuration())
        }
    }
}

/// The way from words and lines to a ``Configuration``.
private struct ConfigurationParsing {
    let scan: CommandLineScan
    private let registry: PluginRegistry
    private let executable: String
    private let tables: [OptionTable]
    private var file = DefaultsFile.none

    init(_ arguments: [String], registry: PluginRegistry, executable: String) throws(ConfigurationError) {
        self.registry = registry
        self.executable = executable
        let mainTable: OptionTable
        do {
            mainTable = try OptionTable(of: MainOptions.self)
        } catch {
            throw ConfigurationError("the main options can't be read: \(error)")
        }
        tables = [mainTable] + registry.entries.map(\.table)
        try Self.checkCollisions(tables, names: registry.names)
        scan = CommandLineScan(arguments, tables: tables)
        guard scan.request == nil else { return }
        if let problem = scan.problem { throw problem }
        if let path = lastValue(of: "defaults-file") {
            file = try DefaultsFile(reading: path)
            try checkKeys()
        }
    }

    /// Refuses two groups with an option of the same name: one of them could never be given.
    private static func checkCollisions(_ tables: [OptionTable], names: [String]) throws(ConfigurationError) {
        var owners: [String: String] = [:]
        for (table, name) in zip(tables, ["the process"] + names.map { "plugin '\($0)'" }) {
            let spellings = table.specs.flatMap { spec in
                spec.longNames.map { "--" + $0 } + spec.shortNames.map { "-" + String($0) }
            }
            for spelling in spellings {
                if let other = owners.updateValue(name, forKey: spelling), other != name {
                    throw ConfigurationError("\(spelling) is declared by \(other) and by \(name); rename one of them")
                }
            }
        }
    }

    private func lastValue(of name: String) -> String? {
        scan.given.last { $0.group == 0 && $0.spec == tables[0].index(long: name) }?.value
    }

    private func checkKeys() throws(ConfigurationError) {
        let commandLineOnly = ["defaults-file", "help-all", "version"]
        for entry in file.entries {
            guard !commandLineOnly.contains(entry.key) else {
                throw ConfigurationError("\(file.location(of: entry)): '\(entry.key)' works on the command line only")
            }
            guard owner(of: entry.key) != nil else {
                let hint = closest(to: entry.key, among: tables.flatMap(\.longNames))
                throw ConfigurationError(
                    "\(file.location(of: entry)): unknown option '\(entry.key)'"
                        + (hint.map { "; did you mean '\($0)'?" } ?? "; remove the line"))
            }
        }
    }

    private func owner(of key: String) -> Int? {
        tables.firstIndex { $0.index(long: key) != nil }
    }

    func configuration() throws(ConfigurationError) -> Configuration {
        let basedir = try self.basedir()
        let mainArguments = try share(of: 0, basedir: basedir)
        var main: MainOptions
        do {
            main = try MainOptions.parse(mainArguments.arguments)
        } catch {
            throw ConfigurationError(mainArguments.located(MainOptions.message(for: error)))
        }
        main.basedir = basedir
        main.plugins = try chosenPlugins(main.plugins, arguments: mainArguments)
        try checkLoaded(main.plugins)
        var plugins: [Configuration.ConfiguredPlugin] = []
        for name in main.plugins {
            plugins.append(try plugin(named: name, basedir: basedir))
        }
        return Configuration(main: main, plugins: plugins, basedir: basedir, notes: notes(main))
    }

    /// The folder in front of relative paths, which must be known before the options that hold such paths are parsed.
    private func basedir() throws(ConfigurationError) -> String {
        if let given = lastValue(of: "basedir") { return given }
        if let entry = file.entries.last(where: { $0.key == "basedir" }) { return entry.value }
        let folder = executable[..<(executable.lastIndex(of: "/") ?? executable.startIndex)]
        let parent = folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)]
        return parent.isEmpty ? "/" : String(parent)
    }

    private func share(of group: Int, basedir: String) throws(ConfigurationError) -> GroupArguments {
        try GroupArguments(
            table: tables[group], file: file, entries: file.entries.filter { owner(of: $0.key) == group },
            given: scan.given.filter { $0.group == group }, basedir: basedir)
    }

    /// The names to load: what was asked for, where commas separate and an empty name stands for none.
    private func chosenPlugins(
        _ words: [String], arguments: GroupArguments
    ) throws(ConfigurationError) -> [String] {
        let isGiven = !words.isEmpty || file.entries.contains { $0.key == "plugins" }
        let names = isGiven ? words.flatMap(commaSeparated) : ["proxy"]
        for (index, name) in names.enumerated() {
            do {
                _ = try registry.entry(named: name)
            } catch {
                throw ConfigurationError(arguments.located("--plugins: \(error)"))
            }
            guard !names[..<index].contains(name) else {
                throw ConfigurationError(arguments.located("--plugins names '\(name)' twice; name each plugin once"))
            }
        }
        return names
    }

    /// Refuses options of the command line whose plugin is not loaded; they would have no effect.
    private func checkLoaded(_ names: [String]) throws(ConfigurationError) {
        for option in scan.given where option.group > 0 {
            let owner = registry.entries[option.group - 1].name
            guard names.contains(owner) else {
                throw ConfigurationError(
                    "\(option.spelling) belongs to plugin '\(owner)', which is not loaded; "
                        + "add it: --plugins=\((names + [owner]).joined(separator: ","))")
            }
        }
    }

    private func plugin(named name: String, basedir: String) throws(ConfigurationError)
        -> Configuration.ConfiguredPlugin
    {
        let entry = try registry.entry(named: name)
        let group = 1 + (registry.entries.firstIndex { $0.name == name } ?? 0)
        let share = try share(of: group, basedir: basedir)
        do {
            return .init(name: name, make: try entry.configure(share.arguments))
        } catch {
            throw ConfigurationError(share.located(entry.message(error)))
        }
    }

    private func notes(_ main: MainOptions) -> [(level: LogLevel, text: String)] {
        var notes: [(level: LogLevel, text: String)] = []
        if main.pluginDir != nil {
            notes.append((.warning, "--plugin-dir has no effect: the plugins are built in"))
        }
        for entry in file.entries {
            guard let group = owner(of: entry.key), group > 0 else { continue }
            let owner = registry.entries[group - 1].name
            guard !main.plugins.contains(owner) else { continue }
            let place = file.location(of: entry)
            notes.append((.debug, "\(place): '\(entry.key)' has no effect: plugin '\(owner)' is not loaded"))
        }
        return notes
    }
}
