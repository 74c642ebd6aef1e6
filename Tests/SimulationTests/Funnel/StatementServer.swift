import EventLoop
import MySQLWire
import TestSupport

/// One connection of a server: lets everybody in, and hands what comes to ``take(_:)`` as text.
class StatementServer: StreamHandler {
    final let stream: SimulatedStream
    final let number: Int
    final var isInTransaction = false
    private var joiner = PacketJoiner(expectedSequence: 1)
    private var isLoggedIn = false
    private final var capabilities: Capabilities { FunnelServer.capabilities }

    /// - Parameter number: the connection's, as KILL names it.
    init(_ stream: SimulatedStream, number: Int) {
        (self.stream, self.number) = (stream, number)
    }

    /// A client has logged in.
    func loggedIn() {}

    /// A command has come; its answer is due.
    func take(_ text: String) { sayOK() }

    final func begin(version: String = "5.5.5-10.11.6-MariaDB") {
        let greeting = Greeting(
            serverVersion: version, connectionID: UInt32(number), scramble: [UInt8](repeating: 0x41, count: 20),
            capabilities: capabilities, collation: 45, status: .autocommit, authMethod: "mysql_native_password")
        say(after: 255) { $0.append(greeting.encode()) }
    }

    override final func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        var offset = 0
        while let packet = try? joiner.next(in: bytes, from: &offset) {
            joiner.expectedSequence = 0
            if isLoggedIn { take(String(decoding: packet.payload.dropFirst(), as: UTF8.self)) } else { logIn() }
        }
        return offset
    }

    private func logIn() {
        isLoggedIn = true
        loggedIn()
        say(after: 1) { $0.append(OKPacket(status: .autocommit), capabilities: capabilities) }
    }

    private var status: StatusFlags { isInTransaction ? [.autocommit, .inTransaction] : .autocommit }

    final func sayOK(_ changes: SessionStateChange...) {
        let state = SessionStateChange.transactionState(isInTransaction ? "T_______" : "________")
        say { $0.append(OKPacket(status: status, changes: changes + [state]), capabilities: capabilities) }
    }

    /// One row of one value.
    final func say(_ value: String) {
        say { writer in
            writer.append(
                columns: [ColumnDefinition(name: "c", type: .varString)], status: status, capabilities: capabilities)
            writer.append(textRow: [Array(value.utf8)])
            writer.appendResultEnd(status: status, capabilities: capabilities)
        }
    }

    final func say(_ error: SQLError) {
        say { $0.append(error) }
    }

    private func say(after sequence: UInt8 = 0, _ body: (inout PacketWriter) -> Void) {
        var writer = PacketWriter(sequence: sequence &+ 1)
        body(&writer)
        stream.send(writer.take().span)
    }
}
