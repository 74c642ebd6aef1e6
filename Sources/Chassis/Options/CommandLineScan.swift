/// What the user gave on the command line, sorted by the group that owns each option.
struct CommandLineScan {
    /// One option as it was given.
    struct Given: Equatable {
        /// The group's index: 0 for the main options, then the known plugins.
        var group: Int
        /// The option's index in its group's table.
        var spec: Int
        /// How the user wrote it, without the value.
        var spelling: String
        /// Its value; nil for a flag that is just named.
        var value: String?
    }

    /// A wish that is answered in place of a run.
    enum Request: Equatable {
        /// `--help`.
        case help
        /// `--help-all`.
        case helpAll
        /// `--help-NAME`.
        case helpPlugin(String)
        /// `--version`.
        case version
    }

    /// The options in the order given.
    private(set) var given: [Given] = []
    /// The first wish for help or the version, which wins over everything else.
    private(set) var request: Request?
    /// The first thing that can't be understood.
    private(set) var problem: ConfigurationError?

    private let tables: [OptionTable]
    private var rest: ArraySlice<String>

    /// Sorts the arguments, which come without the program's name.
    init(_ arguments: [String], tables: [OptionTable]) {
        self.tables = tables
        rest = arguments[...]
        while let word = rest.popFirst() {
            if word == "--" {
                if let extra = rest.first { note(leftOver(extra)) }
                return
            } else if word.hasPrefix("--") {
                takeLong(word)
            } else if word.hasPrefix("-"), word.count > 1 {
                takeShort(word)
            } else {
                note(leftOver(word))
            }
        }
    }

    private mutating func note(_ text: String) {
        if problem == nil { problem = ConfigurationError(text) }
    }

    private func leftOver(_ word: String) -> String {
        "Unknown option \(word): options begin with -- (use --help to show all options)"
    }

    private mutating func takeLong(_ word: String) {
        let text = word.dropFirst(2)
        let equals = text.firstIndex(of: "=")
        let name = String(text[..<(equals ?? text.endIndex)])
        let value = equals.map { String(text[text.index(after: $0)...]) }
        if value == nil, let wish = Self.request(long: name, tables: tables) {
            request = request ?? wish
            return
        }
        for (group, table) in tables.enumerated() {
            if let spec = table.index(long: name) {
                return take(spec, of: group, spelling: "--" + name, value: value)
            }
        }
        note(Self.unknown(name, tables: tables))
    }

    private static func request(long name: String, tables: [OptionTable]) -> Request? {
        switch name {
        case "help": return .help
        case "help-all": return .helpAll
        case "version": return .version
        default:
            guard name.hasPrefix("help-"), !tables.contains(where: { $0.index(long: name) != nil }) else { return nil }
            return .helpPlugin(String(name.dropFirst(5)))
        }
    }

    private mutating func take(_ spec: Int, of group: Int, spelling: String, value: String?) {
        var value = value
        if tables[group].specs[spec].takesValue, value == nil {
            if let next = rest.first, !isOption(next) {
                value = rest.popFirst()
            } else {
                return note("Missing argument for \(spelling); give it as \(spelling)=VALUE")
            }
        }
        given.append(Given(group: group, spec: spec, spelling: spelling, value: value))
    }

    private func isOption(_ word: String) -> Bool {
        guard word.hasPrefix("--") else { return false }
        let name = String(word.dropFirst(2).prefix { $0 != "=" })
        return name.isEmpty || tables.contains { $0.index(long: name) != nil }
    }

    /// Takes `-P value`, `-Pvalue`, and flags run together.
    private mutating func takeShort(_ word: String) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            if letter == "h" || letter == "V" {
                request = request ?? (letter == "h" ? .help : .version)
                continue
            }
            let owner = tables.enumerated().lazy.compactMap { group, table in
                table.index(short: letter).map { (group: group, spec: $0) }
            }.first
            guard let owner else {
                return note("Unknown option -\(letter) (use --help to show all options)")
            }
            guard tables[owner.group].specs[owner.spec].takesValue else {
                take(owner.spec, of: owner.group, spelling: "-\(letter)", value: nil)
                continue
            }
            let attached = letters.isEmpty ? nil : String(letters.first == "=" ? letters.dropFirst() : letters)
            return take(owner.spec, of: owner.group, spelling: "-\(letter)", value: attached)
        }
    }

    /// The message about a long name that nobody knows.
    static func unknown(_ name: String, tables: [OptionTable]) -> String {
        let known = tables.flatMap(\.longNames) + ["help"]
        let hint = closest(to: name, among: known).map { "; did you mean --\($0)?" } ?? ""
        return "Unknown option --\(name) (use --help to show all options)\(hint)"
    }
}
