import PluginAPI
import Testing

@testable import Chassis

@Suite("The command line")
struct OptionsCommandLineTests {
    @Test("without options, everything has its default")
    func defaults() throws {
        let parsed = try Parsed("--plugins=alpha")
        #expect(parsed.main.logLevel == .message)
        #expect(parsed.main.shutdownTimeout == 30)
        #expect(parsed.main.eventThreads >= 1)
        #expect(parsed.main.maxOpenFiles == 0)
        #expect(!parsed.main.daemon)
        #expect(parsed.configuration.basedir == "/opt/millrace")
        #expect(try parsed.alpha().address == ":4040")
    }

    @Test("plugins keep the order of repetition and commas")
    func pluginOrder() throws {
        #expect(try Parsed("--plugins=beta,alpha").configuration.plugins.map(\.name) == ["beta", "alpha"])
        #expect(try Parsed("--plugins", "beta", "--plugins=alpha").main.plugins == ["beta", "alpha"])
        #expect(try Parsed("--plugins=").main.plugins.isEmpty)
    }

    @Test("each group gets its own share, in every spelling")
    func partition() throws {
        let parsed = try Parsed(
            "-A:5000", "--log-level", "debug", "--alpha-backends=one:1", "-q", "--plugins=alpha,beta",
            "--alpha-backends", "two:2", "--beta-word=--odd", "--alpha-timeout", "-3.5", "--no-alpha-relay")
        let alpha = try parsed.alpha()
        #expect(alpha.address == ":5000")
        #expect(alpha.alphaBackends == ["one:1", "two:2"])
        #expect(alpha.quiet)
        #expect(alpha.alphaTimeout == -3.5)
        #expect(!alpha.alphaRelay)
        #expect(parsed.main.logLevel == .debug)
    }

    @Test("flags take a value, and the last of several counts")
    func flagValues() throws {
        let parsed = try Parsed(
            "--plugins=alpha", "--daemon=no", "--alpha-relay=off", "--alpha-count=1", "--alpha-count=7")
        #expect(!parsed.main.daemon)
        #expect(try !parsed.alpha().alphaRelay)
        #expect(try parsed.alpha().alphaCount == 7)
        #expect(complaint("--plugins=", "--daemon=maybe") == "'maybe' is not a value of --daemon; give true or false")
    }

    @Test("relative paths lie below the base folder")
    func basedir() throws {
        let parsed = try Parsed(
            "--plugins=alpha", "--basedir=/srv", "--log-file=log/a", "--pid-file=/run/p", "--alpha-script=x.lua")
        #expect(parsed.main.logFile == "/srv/log/a")
        #expect(parsed.main.pidFile == "/run/p")
        #expect(try parsed.alpha().alphaScript == "/srv/x.lua")
        #expect(complaint("--plugins=", "--basedir=srv").contains("--basedir must be an absolute path, not 'srv'"))
    }

    @Test(
        "what can't be is refused with a reason",
        arguments: [
            (["--bogus"], "Unknown option --bogus (use --help to show all options)"),
            (["--log-levle=x"], "did you mean --log-level?"),
            (["-Z"], "Unknown option -Z"),
            (["word"], "Unknown option word"),
            (["--", "word"], "Unknown option word"),
            (["--log-level"], "Missing argument for --log-level"),
            (["--log-file", "--daemon"], "Missing argument for --log-file"),
            (["--log-level=loud"], "loud"),
            (["--plugins=gamma"], "unknown plugin 'gamma'; known are: alpha, beta"),
            ([], "unknown plugin 'proxy'; known are: alpha, beta"),
            (["--plugins=beta,beta"], "names 'beta' twice"),
            (
                ["--plugins=beta", "--alpha-count=1"],
                "belongs to plugin 'alpha', which is not loaded; add it: --plugins=beta,alpha"
            ),
            (["--plugins=alpha", "--alpha-count=x"], "--alpha-count"),
            (["--plugins=", "--event-threads=0"], "--event-threads must be at least 1"),
            (["--plugins=", "--log-use-syslog", "--log-file=x"], "exclude each other"),
            (["--plugins=", "--shutdown-timeout=-1"], "--shutdown-timeout must be 0 seconds or more"),
            (["--help-gamma"], "unknown plugin 'gamma'"),
        ])
    func refusals(_ words: [String], _ part: String) {
        #expect { try invoke(words) } throws: { "\($0)".contains(part) }
    }

    @Test("two groups can't have an option of the same name")
    func collision() {
        var registry = PluginRegistry()
        registry.register(ClashingPlugin.self)
        #expect {
            try Invocation(arguments: ["--plugins="], registry: registry, executable: "/x/y")
        } throws: {
            "\($0)".contains("--user is declared by the process and by plugin 'clash'")
        }
    }

    @Test("an empty value is a value")
    func emptyValue() throws {
        #expect(try Parsed("--plugins=beta,alpha", "--alpha-address=").alpha().address.isEmpty)
        #expect(try Parsed("--plugins=alpha", file: "[millrace]\nalpha-address=\n").alpha().address.isEmpty)
    }

    @Test("a plugin folder is accepted with a warning")
    func pluginDir() throws {
        let notes = try Parsed("--plugins=", "--plugin-dir=/usr/lib").configuration.notes
        #expect(notes.map(\.level) == [.warning])
        #expect(notes[0].text.contains("--plugin-dir has no effect"))
    }
}

@Suite("Help and version")
struct OptionsHelpTests {
    static let mainOptions = [
        "--plugins", "--defaults-file", "--log-level", "--log-file", "--log-use-syslog", "--log-format", "--pid-file",
        "--daemon", "--keepalive", "--user", "--max-open-files", "--event-threads", "--basedir", "--shutdown-timeout",
        "--verbose-shutdown", "--help-all", "--version", "-V", "-h, --help",
    ]

    @Test("--help shows every main option, and the groups", arguments: ["--help", "-h"])
    func help(_ word: String) throws {
        let text = try answer("--bogus", word)
        for option in Self.mainOptions { #expect(text.contains(option)) }
        #expect(text.contains("--help-alpha") && text.contains("The second plugin."))
        #expect(!text.contains("--alpha-count") && !text.contains("--plugin-dir"))
        #expect(text.hasPrefix("Usage: millrace [OPTION…]\n"))
    }

    @Test("--help-all shows every group, --help-alpha one")
    func groups() throws {
        let all = try answer("--help-all")
        for option in Self.mainOptions + ["--alpha-count", "--beta-word"] { #expect(all.contains(option)) }
        let alpha = try answer("--help-alpha")
        #expect(alpha.contains("-A, --alpha-address") && alpha.contains("--alpha-relay/--no-alpha-relay"))
        #expect(!alpha.contains("--beta-word") && !alpha.contains("--log-level"))
    }

    @Test("help keeps to 100 columns")
    func columns() throws {
        for line in try answer("--help-all").split(separator: "\n") { #expect(line.count <= 100) }
    }

    @Test("--version names the program and its plugins", arguments: ["--version", "-V"])
    func version(_ word: String) throws {
        let text = try answer(word)
        #expect(text.hasPrefix("millrace 0.1.0\n"))
        #expect(text.contains("alpha") && text.contains("beta"))
    }
}
