import FoundationEssentials
import Glibc
import Logging
import PluginAPI
import Testing

@testable import Chassis

@Suite("The log")
struct LogTests {
    let folder = ScratchFolder()

    private func log(_ level: LogLevel = .message, _ format: LogFormat = .text) throws -> ProcessLog {
        ProcessLog(sink: try .file(folder.path + "/log"), level: level, format: format)
    }

    private var lines: [String] {
        (folder.read("log") ?? "").split(separator: "\n").map(String.init)
    }

    @Test("a text line has time, level, text and fields")
    func text() throws {
        try log().log(.warning, "a thing", ["size": "3", "name": "two words", "odd": "a\"b"])
        #expect(lines.count == 1)
        let pattern = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \(warning\) a thing name="two words" odd="a\\"b" size=3$/
        #expect(try pattern.wholeMatch(in: lines[0]) != nil, "\(lines)")
    }

    @Test("times are padded, local or universal")
    func time() {
        setenv("TZ", "UTC", 1)
        tzset()
        let time = LogTime(seconds: 1_000_000_000, milliseconds: 7)
        #expect(time.local == "2001-09-09 01:46:40.007")
        #expect(time.universal == "2001-09-09T01:46:40.007Z")
    }

    @Test("a JSON line is an object that holds the text exactly")
    func json() throws {
        let text = "quote \" backslash \\ line\nbell \u{7} accent é"
        try log(.message, .json).log(.message, text, ["level": "mine", "list": ["a", "b"]])
        struct Line: Decodable {
            var time: String
            var level: String
            var text: String
            var list: [String]
            var field: String
            enum CodingKeys: String, CodingKey {
                case time, level, text, list
                case field = "field.level"
            }
        }
        #expect(lines.count == 1)
        let line = try JSONDecoder().decode(Line.self, from: Data(lines[0].utf8))
        #expect(line.text == text)
        #expect(line.level == "message" && line.list == ["a", "b"] && line.field == "mine")
        #expect(line.time.hasSuffix("Z"))
    }

    @Test("what a client names can't make a line or control a terminal")
    func injection() throws {
        try log().log(.message, "user \u{1b}[2J\r\n2026 (error) fake\u{2028}x", ["k\n": "v\nw"])
        #expect(lines.count == 1)
        #expect(lines[0].hasSuffix(#"user \u{1b}[2J\r\n2026 (error) fake\u{2028}x k\n=v\nw"#))
    }

    @Test("less important lines are not even made")
    func levels() throws {
        let log = try log(.warning)
        var made = 0
        func text() -> String {
            made += 1
            return "line"
        }
        for level in LogLevel.allCases { log.log(level, text()) }
        #expect(made == 3)
        #expect(lines.map { $0.split(separator: " ")[2] } == ["(error)", "(critical)", "(warning)"])
    }

    @Test("the words survive the way through swift-log")
    func words() throws {
        for level in LogLevel.allCases { #expect(LogLevel(level.loggingLevel) == level) }
        let logger = try log(.message).makeLogger(label: "x")
        logger.notice("seen", metadata: ["k": "v"])
        logger.info("unseen")
        #expect(lines.count == 1 && lines[0].hasSuffix("(message) seen k=v"))
    }

    @Test("after a rename, reopening goes on in a new file")
    func reopening() throws {
        let log = try log()
        log.log(.message, "first")
        rename(folder.path + "/log", folder.path + "/log.1")
        log.log(.message, "second")
        log.reopen()
        log.log(.message, "third")
        let old = try #require(folder.read("log.1"))
        #expect(old.contains("first") && old.contains("second") && !old.contains("third"))
        #expect(lines.count == 1 && lines[0].hasSuffix("third"))
    }

    @Test("a log that can't be reopened goes on in the old file")
    func failedReopening() throws {
        let log = try log()
        rename(folder.path + "/log", folder.path + "/log.1")
        mkdir(folder.path + "/log", 0o700)
        log.reopen()
        rmdir(folder.path + "/log")
        #expect(try #require(folder.read("log.1")).contains("the log goes on in the old file"))
    }

    @Test("a log file in no folder is refused")
    func unopenable() {
        #expect(throws: ConfigurationError.self) { try LogSink.file("/nowhere/at/all") }
    }
}
