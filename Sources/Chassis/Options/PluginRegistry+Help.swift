internal import ArgumentParser

/// The version that `--version` tells.
public let millraceVersion = "0.1.0"

extension PluginRegistry {
    /// The columns that help texts keep to.
    static var helpColumns: Int { 100 }

    /// The text for a wish for help or the version.
    func answer(to request: CommandLineScan.Request) throws(ConfigurationError) -> String {
        switch request {
        case .help: return usage + mainHelp + groupList
        case .helpAll: return usage + mainHelp + groupList + entries.map { "\n" + help(of: $0) }.joined()
        case .helpPlugin(let name): return usage + help(of: try entry(named: name))
        case .version: return versionText
        }
    }

    private var usage: String { "Usage: millrace [OPTION…]\n\n" }

    private var mainHelp: String {
        "Options of the process:\n" + optionHelp(of: MainOptions.self, columns: Self.helpColumns)
            + "  -h, --help              Show this text.\n" + signalHelp
    }

    private var signalHelp: String {
        """

        Signals:
          TERM, INT               Drain, then end; a second one ends at once.
          HUP                     Reopen the log file; plugins read their files again.
          USR1                    Log the plugins' numbers as one JSON object.

        """
    }

    private var groupList: String {
        guard !entries.isEmpty else { return "" }
        let width = 2 + (names.map(\.count).max() ?? 0)
        return "\nPlugins, and the options that show theirs:\n"
            + entries.map { entry in
                let option = "  --help-" + entry.name + String(repeating: " ", count: width - entry.name.count)
                return option + entry.summary + "\n"
            }.joined()
    }

    private func help(of entry: Entry) -> String {
        "Options of plugin \(entry.name): \(entry.summary)\n" + entry.help(Self.helpColumns)
    }

    private var versionText: String {
        "millrace \(millraceVersion)\n" + entries.map { "  plugin \($0.name): \($0.summary)\n" }.joined()
    }
}

/// A group's list of options as ArgumentParser formats it, without its usage line and its `--help`.
func optionHelp<Options: ParsableArguments>(of type: Options.Type, columns: Int) -> String {
    var lines = type.helpMessage(columns: columns).split(separator: "\n", omittingEmptySubsequences: false)[...]
    while let first = lines.first, first != "OPTIONS:", !(first.hasSuffix(":") && !first.hasPrefix(" ")) {
        lines.removeFirst()
    }
    let kept = lines.filter { $0 != "OPTIONS:" && !$0.contains("Show help information.") && !$0.isEmpty }
    return kept.map { $0 + "\n" }.joined()
}
