import PluginAPI
import Testing

@testable import Chassis

@Suite("The defaults file")
struct OptionsFileTests {
    static let file = """
        # a comment
        [client]
        whatever=1
        lonely word

        [mysql-proxy]
        log-level = debug
        plugins = alpha, beta
        alpha_address = "[::1]:7000"
        ; another comment
        alpha-backends = one:1, two:2
        alpha-timeout = 0.5
        alpha-count = 3
        quiet = yes
        alpha-relay = false
        [millrace]
        event-threads = 2
        daemon = true
        alpha-count = 4
        """

    @Test("every kind of value is read from both groups; a later line wins")
    func reading() throws {
        let parsed = try Parsed(file: Self.file)
        let alpha = try parsed.alpha()
        #expect(parsed.main.plugins == ["alpha", "beta"])
        #expect(parsed.main.logLevel == .debug)
        #expect(parsed.main.eventThreads == 2)
        #expect(parsed.main.daemon)
        #expect(alpha.address == "[::1]:7000")
        #expect(alpha.alphaBackends == ["one:1", "two:2"])
        #expect(alpha.alphaTimeout == 0.5)
        #expect(alpha.alphaCount == 4)
        #expect(alpha.quiet)
        #expect(!alpha.alphaRelay)
    }

    @Test("the command line beats the file for every kind of value")
    func precedence() throws {
        let parsed = try Parsed(
            "--log-level=info", "--plugins=alpha", "-A", ":1", "--alpha-backends=three:3", "--alpha-timeout=9",
            "--alpha-count=5", "--quiet=false", "--alpha-relay", "--event-threads=1", "--daemon=0", file: Self.file)
        let alpha = try parsed.alpha()
        #expect(parsed.main.plugins == ["alpha"])
        #expect(parsed.main.logLevel == .info)
        #expect(parsed.main.eventThreads == 1)
        #expect(!parsed.main.daemon)
        #expect(alpha.address == ":1")
        #expect(alpha.alphaBackends == ["three:3"])
        #expect(alpha.alphaTimeout == 9)
        #expect(alpha.alphaCount == 5)
        #expect(!alpha.quiet)
        #expect(alpha.alphaRelay)
    }

    @Test("quotes keep a value with commas whole")
    func quotes() throws {
        let parsed = try Parsed(file: "[millrace]\r\nplugins='alpha'\r\nalpha-backends=\"a,b\"\r\n")
        #expect(try parsed.alpha().alphaBackends == ["a,b"])
    }

    @Test(
        "errors name file and line",
        arguments: [
            ("[millrace]\n\nbogus=1", "millrace.cnf:3: unknown option 'bogus'"),
            ("[millrace]\nlog-levle=info", "millrace.cnf:2: unknown option 'log-levle'; did you mean 'log-level'?"),
            ("daemon=1\n[millrace]", "millrace.cnf:1: 'daemon=1' stands before any group"),
            ("[millrace]\ndaemon=maybe", "millrace.cnf:2: 'maybe' is not a value of 'daemon'"),
            ("[millrace]\ndaemon", "millrace.cnf:2: 'daemon' is not an option"),
            ("[millrace\ndaemon=1", "millrace.cnf:1: '[millrace' is not a group"),
            ("[millrace]\nlog-file='x", "millrace.cnf:2: the quote of the value of 'log-file' is not closed"),
            ("[millrace]\n#\nlog-level=loud", "millrace.cnf:3: The value 'loud' is invalid for '--log-level"),
            ("[millrace]\nplugins=\nevent-threads=0", "millrace.cnf:3: --event-threads must be at least 1"),
            ("[millrace]\nplugins=gamma", "millrace.cnf:2: --plugins: unknown plugin 'gamma'"),
            (
                "[millrace]\nplugins=alpha\nalpha-count=many",
                "millrace.cnf:3: The value 'many' is invalid for '--alpha-count"
            ),
            ("[millrace]\nplugins=alpha\nalpha-count=101", "millrace.cnf:3: --alpha-count must be at most 100"),
            ("[millrace]\nversion=1", "millrace.cnf:2: 'version' works on the command line only"),
            ("[millrace]\nhelp=1", "millrace.cnf:2: unknown option 'help'"),
        ])
    func errors(_ text: String, _ part: String) {
        let message = complaint(file: text)
        #expect(message.hasPrefix(part), "\(message)")
    }

    @Test("a bad value of the command line is not blamed on the file")
    func blame() {
        let message = complaint("--plugins=alpha", "--alpha-count=x", file: "[millrace]\nalpha-count=1\n")
        #expect(!message.contains("millrace.cnf") && message.contains("--alpha-count"))
    }

    @Test("a key of a plugin that is not loaded is passed over with a debug line")
    func unloaded() throws {
        let notes = try Parsed("--plugins=beta", file: "[millrace]\nalpha-count=1\n").configuration.notes
        #expect(notes.map(\.level) == [.debug])
        #expect(notes[0].text.hasSuffix("millrace.cnf:2: 'alpha-count' has no effect: plugin 'alpha' is not loaded"))
    }

    @Test("a file that others can read, a folder and a missing file are refused")
    func access() {
        let folder = ScratchFolder()
        let open = folder.write("open.cnf", "[millrace]\n", mode: 0o664)
        let words = ["--plugins=", "--defaults-file"]
        #expect { try invoke(words + [open]) } throws: { "\($0)".contains("chmod 660 \(open)") }
        #expect { try invoke(words + [folder.path]) } throws: { "\($0)".contains("is not a regular file") }
        #expect { try invoke(words + ["/nowhere.cnf"]) } throws: { "\($0)".contains("No such file") }
    }
}
