import MySQLWire
import PluginAPI
import Synchronization

/// CHECKSUM, the configuration as a text, and ProxySQL's words for the process.
extension AdminSession {
    /// - Returns: whether the statement was one of these.
    func runConfiguration(_ text: StatementText, _ output: Output) throws -> Bool {
        switch (text.word(0), text.word(1), text.word(2)) {
        case ("CHECKSUM", _, _) where text.word(1) != "TABLE": try checksum(text, output)
        case ("SAVE", "CONFIG", "TO") where text.word(3) == "FILE": try saveConfiguration(text, at: 4, output)
        case ("SELECT", "CONFIG", "INTO") where text.word(3) == "OUTFILE": try saveConfiguration(text, at: 4, output)
        case ("SELECT", "CONFIG", "FILE") where text.pieces.count == 3:
            try requireAdministrator()
            try list(["Data"], [[.text(try requireWorld().layers.configurationText())]], output)
        case ("PROXYSQL", _, _): try runProxySQL(text, output)
        case _: return false
        }
        return true
    }

    private func requireAdministrator() throws {
        guard isAdministrator else { throw AdminError.administratorsOnly }
        guard world?.isScratch == false else { throw AdminError.syntax("this can't be in a configuration file") }
    }

    private func checksum(_ text: StatementText, _ output: Output) throws {
        try requireAdministrator()
        guard text.words.count == text.pieces.count, let command = ChecksumCommand(text.words) else {
            throw AdminError.syntax("CHECKSUM is written CHECKSUM [DISK|MEMORY|RUNTIME] section")
        }
        let sums = try requireWorld().layers.checksums(command)
        try list(["table", "checksum"], sums.map { [.text($0.table), .text($0.checksum)] }, output)
    }

    private func saveConfiguration(_ text: StatementText, at index: Int, _ output: Output) throws {
        try requireAdministrator()
        guard !isPortReadOnly else { throw AdminError.readOnly }
        guard index < text.pieces.count else { throw AdminError.syntax("SAVE CONFIG TO FILE takes a path") }
        try commitOpen()
        let isQuoted = index == text.pieces.count - 1
        try requireWorld().layers.writeConfiguration(
            to: isQuoted ? text.pieces[index].text : text.source(from: index))
        output.done()
    }

    /// What ProxySQL's administrators are used to, where there is the same thing here.
    private func runProxySQL(_ text: StatementText, _ output: Output) throws {
        guard isAdministrator else { throw AdminError.administratorsOnly }
        let world = try requireWorld()
        switch text.words.dropFirst().joined(separator: " ") {
        case "READONLY": world.server.isReadOnly.store(true, ordering: .relaxed)
        case "READWRITE": world.server.isReadOnly.store(false, ordering: .relaxed)
        case "SHUTDOWN", "SHUTDOWN SLOW": world.server.host.requestShutdown()
        case let words:
            throw AdminError.syntax(
                "PROXYSQL \(words) isn't known; there are PROXYSQL READONLY, READWRITE and SHUTDOWN, which drains")
        }
        output.done()
    }
}
