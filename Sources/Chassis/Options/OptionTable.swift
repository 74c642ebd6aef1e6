internal import ArgumentParser
internal import FoundationEssentials

/// One option of a group, as far as splitting a command line needs to know it.
struct OptionSpec: Equatable {
    /// Long names without dashes; the first is the preferred one.
    var longNames: [String]
    /// One-letter names.
    var shortNames: [Character]
    /// Whether it takes a value; flags take none.
    var takesValue: Bool
    /// Whether it may be given several times.
    var isRepeatable: Bool
    /// Whether its value is a file's path, so that `--basedir` applies.
    var isPath: Bool

    /// The option as a user types it, without a value.
    var spelling: String {
        longNames.first.map { "--" + $0 } ?? shortNames.first.map { "-" + String($0) } ?? "?"
    }

    /// The option with its value as one group's parser takes it.
    func arguments(value: String?) -> [String] {
        guard let value else { return [spelling] }
        // ArgumentParser takes an empty value only as a word of its own, and one with a dash in front only behind "=".
        return longNames.isEmpty || value.isEmpty ? [spelling, value] : ["\(spelling)=\(value)"]
    }
}

/// The options of a group: the main ones, or those of a plugin.
struct OptionTable {
    let specs: [OptionSpec]
    private let byLongName: [String: Int]
    private let byShortName: [Character: Int]

    /// Every long name of the group.
    var longNames: some Collection<String> { byLongName.keys }

    init(specs: [OptionSpec]) {
        self.specs = specs
        var longNames: [String: Int] = [:]
        var shortNames: [Character: Int] = [:]
        for (index, spec) in specs.enumerated() {
            for name in spec.longNames { longNames[name] = index }
            for name in spec.shortNames { shortNames[name] = index }
        }
        byLongName = longNames
        byShortName = shortNames
    }

    func index(long name: String) -> Int? { byLongName[name] }

    func index(short name: Character) -> Int? { byShortName[name] }

    /// The index of a flag's opposite: `--no-x` for `--x`, and `--x` for `--no-x`.
    func opposite(of index: Int) -> Int? {
        let spec = specs[index]
        guard !spec.takesValue else { return nil }
        for name in spec.longNames {
            let other = name.hasPrefix("no-") ? String(name.dropFirst(3)) : "no-" + name
            if let found = byLongName[other], !specs[found].takesValue { return found }
        }
        return nil
    }
}

extension OptionTable {
    /// The options that a type of ArgumentParser declares, but for `--help`, which is the chassis's own.
    init<Options: ParsableArguments>(of type: Options.Type) throws {
        let json = Data(type._dumpHelp().utf8)
        let dump = try JSONDecoder().decode(HelpDump.self, from: json)
        self.init(specs: dump.command.arguments?.compactMap(\.spec) ?? [])
    }
}

/// The part that we need of the JSON that ArgumentParser makes of an option group.
private struct HelpDump: Decodable {
    struct Command: Decodable {
        var arguments: [Argument]?
    }

    struct Argument: Decodable {
        var kind: String
        var isRepeating: Bool
        var names: [Name]?
        var completionKind: Completion?

        var spec: OptionSpec? {
            guard let names, kind != "positional" else { return nil }
            let longNames = names.filter { $0.kind != "short" }.map(\.name)
            guard !longNames.contains("help") else { return nil }
            return OptionSpec(
                longNames: longNames, shortNames: names.filter { $0.kind == "short" }.compactMap(\.name.first),
                takesValue: kind == "option", isRepeatable: isRepeating, isPath: completionKind?.isFile ?? false)
        }
    }

    struct Name: Decodable {
        var kind: String
        var name: String
    }

    struct Completion: Decodable {
        let isFile: Bool

        private enum Key: String, CodingKey {
            case file
            case directory
        }

        init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: Key.self)
            isFile = keys.contains(.file) || keys.contains(.directory)
        }
    }

    var command: Command
}
