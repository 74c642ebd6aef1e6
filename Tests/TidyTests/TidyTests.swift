import Testing

@Suite("The repository is tidy")
struct TidyTests {
    @Test("no file breaks a house rule")
    func repositoryIsTidy() throws {
        let files = try Repository.sourceFiles()
        #expect(files.contains { $0.path == "Sources/PluginAPI/Plugin.swift" }, "the scanner finds the sources")
        let offences = files.flatMap(TidyRules.offences(in:))
        #expect(offences.isEmpty, "\(offences.map(\.description).joined(separator: "\n"))")
    }

    @Test("every allowed trap still exists")
    func allowedTrapsExist() throws {
        let files = try Repository.sourceFiles()
        for allowed in TidyRules.allowedTraps {
            #expect(!allowed.reason.isEmpty)
            let file = files.first { $0.path == allowed.path }
            #expect(
                file?.code.contains { $0.contains(allowed.code) } == true,
                "\(allowed.path) has no line with '\(allowed.code)' any more; take it off the list")
        }
    }
}

@Suite("The tidy rules find what they should")
struct TidyRuleTests {
    private func offences(_ text: String, at path: String = "Sources/ProxyCore/Planted.swift") -> [String] {
        TidyRules.offences(in: SourceFile(path: path, text: text)).map { "\($0.line): \($0.what)" }
    }

    @Test("tidy code passes")
    func tidyCodePasses() {
        let text = """
            public import MySQLWire

            /// A machine.
            public struct Machine {
                /// Says `try!` and "default:" only in words. // fatalError(
                public static let text = "as! try! fatalError( default: \\"" /* preconditionFailure( */
            }
            """
        #expect(offences(text) == [])
    }

    @Test("a file of 600 lines passes, one of 601 doesn't")
    func fileLength() {
        #expect(offences(String(repeating: "\n", count: 600)) == [])
        #expect(offences(String(repeating: "\n", count: 601)).count == 1)
    }

    @Test("a function of 60 lines passes, one of 61 doesn't", arguments: ["func f(a: () -> Void = {})", "init()"])
    func functionLength(declaration: String) {
        func text(lines: Int) -> String {
            "struct S {\n\(declaration) {\n" + String(repeating: "if x { y() }\n", count: lines - 2) + "}\n}\n"
        }
        #expect(offences(text(lines: 60)) == [])
        #expect(offences(text(lines: 61)).first?.hasPrefix("2: ") == true)
    }

    @Test("requirements without a body and the functions after them are told apart")
    func requirementsHaveNoBody() {
        let code = ["protocol P {", "func a()", "init()", "}", "func b(", "x: Int", ") {", "}"]
        #expect(
            FunctionScanner.functions(in: code) == [ScannedFunction(name: "b", firstLine: 5, lineCount: 4)])
    }

    @Test(
        "pure rings import nothing impure",
        arguments: [
            "import Foundation", "@preconcurrency import Glibc", "public import Logging", "import func Glibc.read",
        ])
    func impureImports(line: String) {
        #expect(offences(line).count == 1)
        #expect(offences(line, at: "Sources/Chassis/Planted.swift") == [])
    }

    @Test(
        "what traps is found, in tests too",
        arguments: ["let a = try! b()", "let a = b as! C", "fatalError()", "else { preconditionFailure(\"no\") }"])
    func traps(line: String) {
        #expect(offences(line).count == 1)
        #expect(offences(line, at: "Tests/XTests/Planted.swift").count == 1)
    }

    @Test("a trap in a multi-line string is words, one after it is code")
    func multilineStrings() {
        let quotes = "\"\"\""
        #expect(offences("let a = \(quotes)\n  try! b\n  \(quotes)\nlet c = try! d()").map { $0.prefix(2) } == ["4:"])
    }

    @Test(
        "machines have no default", arguments: ["default: break", "        default : x()", "@unknown default: break"])
    func defaults(line: String) {
        #expect(offences(line).count == 1)
        #expect(offences(line, at: "Sources/Chassis/Planted.swift") == [])
        #expect(offences("let defaultValue: Int = 1") == [])
        #expect(offences("// Open set: a byte.\ndefault: break") == [])
    }

    @Test("unfinished work is found in comments")
    func unfinished() {
        #expect(offences("// " + "TO" + "DO: later").count == 1)
        #expect(offences("let x = 1 // " + "FIX" + "ME").count == 1)
        #expect(offences("let TO" + "DOs = 1") == [])
    }

    @Test(
        "public declarations want a doc comment",
        arguments: [
            "public struct S {}", "@inlinable\npublic func f() {}", "    public static let a = 1", "public init() {}",
        ])
    func documentation(declaration: String) {
        #expect(offences(declaration).count == 1)
        #expect(offences("/// Does it.\n" + declaration) == [])
        #expect(offences("// Does it.\n" + declaration).count == 1)
        #expect(offences(declaration, at: "Tests/TestSupport/Planted.swift") == [])
    }

    @Test("imports, extensions and private setters are no public declarations")
    func notDeclarations() {
        #expect(offences("public import MySQLWire\npublic extension Int {}\nprivate(set) var a = 1") == [])
    }
}
