import ArgumentParser
import Glibc
import PluginAPI
import Pooling
import TestSupport

@testable import Chassis

/// A plugin with every kind of option.
final class AlphaPlugin: Plugin {
    struct Options: ParsableArguments {
        @Option(name: [.customShort("A"), .customLong("alpha-address")], help: "Listen address.")
        var address: String = ":4040"
        @Option(help: "Servers.")
        var alphaBackends: [String] = []
        @Option(help: "Seconds.")
        var alphaTimeout: Double = 2
        @Option(help: "Number.")
        var alphaCount: Int = 1
        @Flag(name: .shortAndLong, help: "A switch.")
        var quiet = false
        @Flag(inversion: .prefixedNo, help: "A switch that is on.")
        var alphaRelay = true
        @Option(help: "A file.", completion: .file())
        var alphaScript: String?

        func validate() throws {
            if alphaCount > 100 { throw ValidationError("--alpha-count must be at most 100") }
        }
    }

    static let name = "alpha"
    static let summary = "The first plugin."
    let options: Options

    init(options: Options, host: any PluginHost) throws { self.options = options }
    func start() throws {}
    func makeWorker(on loop: any LoopContext) -> (any PluginWorker)? { nil }
    func stop() {}
}

/// A second plugin.
final class BetaPlugin: Plugin {
    struct Options: ParsableArguments {
        @Option(help: "A word.")
        var betaWord: String = "b"
    }

    static let name = "beta"
    static let summary = "The second plugin."
    let options: Options

    init(options: Options, host: any PluginHost) throws { self.options = options }
    func start() throws {}
    func makeWorker(on loop: any LoopContext) -> (any PluginWorker)? { nil }
    func stop() {}
}

/// A plugin whose option belongs to the process already.
final class ClashingPlugin: Plugin {
    struct Options: ParsableArguments {
        @Option(help: "Clashes.")
        var user: String?
    }

    static let name = "clash"
    static let summary = "The third plugin."

    init(options: Options, host: any PluginHost) throws {}
    func start() throws {}
    func makeWorker(on loop: any LoopContext) -> (any PluginWorker)? { nil }
    func stop() {}
}

/// A folder that lives as long as its value.
final class ScratchFolder {
    let path: String

    init() {
        var template = Array("/tmp/millrace-tests-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/nonexistent"
    }

    deinit {
        for name in names { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    var names: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.filter { $0 != "." && $0 != ".." }
    }

    @discardableResult
    func write(_ name: String, _ text: String, mode: mode_t = 0o600) -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, mode)
        let bytes = Array(text.utf8)
        _ = Glibc.write(descriptor, bytes, bytes.count)
        fchmod(descriptor, mode)
        close(descriptor)
        return file
    }

    func read(_ name: String) -> String? {
        let descriptor = open("\(path)/\(name)", O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    func mode(_ name: String) -> mode_t {
        var status = stat()
        return stat("\(path)/\(name)", &status) == 0 ? status.st_mode & 0o777 : 0
    }
}

/// What a command line comes to.
struct Parsed {
    let main: MainOptions
    let configuration: Configuration

    /// Parses with both plugins known; a file's text is put into a scratch defaults file first.
    init(_ arguments: String..., file: String? = nil) throws {
        let folder = ScratchFolder()
        var words = arguments
        if let file { words.append("--defaults-file=" + folder.write("millrace.cnf", file)) }
        guard case .run(let configuration) = try invoke(words) else { throw ConfigurationError("not a run") }
        self.configuration = configuration
        main = configuration.main
    }

    func alpha() throws -> AlphaPlugin.Options {
        for plugin in configuration.plugins where plugin.name == "alpha" {
            if let alpha = try plugin.make(FakeHost()) as? AlphaPlugin { return alpha.options }
        }
        throw ConfigurationError("alpha is not loaded")
    }
}

func invoke(_ arguments: [String]) throws -> Invocation {
    var registry = PluginRegistry()
    registry.register(AlphaPlugin.self)
    registry.register(BetaPlugin.self)
    return try Invocation(arguments: arguments, registry: registry, executable: "/opt/millrace/bin/millrace")
}

/// The message of the error that parsing ends with; the scratch folder's name is taken out of it.
func complaint(_ arguments: String..., file: String? = nil) -> String {
    let folder = ScratchFolder()
    var words = arguments
    if let file { words.append("--defaults-file=" + folder.write("millrace.cnf", file)) }
    do {
        _ = try invoke(words)
        return "no error"
    } catch {
        var text = "\(error)"
        if let range = text.firstRange(of: folder.path + "/") { text.removeSubrange(range) }
        return text
    }
}

func answer(_ arguments: String...) throws -> String {
    guard case .answer(let text) = try invoke(arguments) else { throw ConfigurationError("not an answer") }
    return text
}
