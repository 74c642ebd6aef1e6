import MySQLWire
import Pooling
import SQLText
import Testing

@testable import FunnelPlugin

@Suite struct SpareCommandsTests {
    @Test func `a command in a used object is as in a new one, and the object is the same`() {
        var spare = SpareCommands()
        let first = used(spare.command(ping.span, arrived: now, ticket: 1))
        let place = ObjectIdentifier(first.command)
        spare.giveBack(first.release())

        let second = spare.command(ping.span, arrived: now, ticket: 2)
        var fresh = SpareCommands()
        #expect(ObjectIdentifier(second) == place)
        #expect(fields(of: second) == fields(of: fresh.command(ping.span, arrived: now, ticket: 2)))
    }

    @Test func `a command that somebody still holds serves no other one`() {
        var spare = SpareCommands()
        let held = spare.command(ping.span, arrived: now, ticket: 1)
        spare.giveBack(held)
        #expect(spare.command(ping.span, arrived: now, ticket: 2) !== held)
        #expect(held.ticket == 1)
    }

    @Test func `memory of a long command doesn't stay`() {
        var spare = SpareCommands()
        let long = packets(Command.query.payload(text: Array(repeating: UInt8(ascii: "x"), count: 100_000)))
        let command = spare.command(long.span, arrived: now, ticket: 1)
        #expect(command.packets == long)
        spare.giveBack(command)
        #expect(command.packets.capacity == 0)
    }

    private let now = MonotonicTime(nanoseconds: 7)
    private let ping: [UInt8] = [1, 0, 0, 0, Command.ping.rawValue]

    private func packets(_ payload: [UInt8]) -> [UInt8] {
        var writer = PacketWriter()
        writer.append(payload)
        return writer.take()
    }

    /// Holds the only reference to a command until it is released.
    private struct Holder: ~Copyable {
        let command: RunningCommand

        consuming func release() -> RunningCommand { command }
    }

    /// A command in which everything is set that can be.
    private func used(_ command: RunningCommand) -> Holder {
        command.effects = StatementEffects(of: Array("SELECT LAST_INSERT_ID()".utf8).span, mode: [])
        command.plan = .okay
        command.attempts = 3
        command.redirections = 2
        command.isAnswerBegun = true
        command.isTimedOut = true
        command.sentPackets = [1]
        command.keepPayload()
        return Holder(command: command)
    }

    /// Every stored property with its value, those that are to come included.
    private func fields(of command: RunningCommand) -> [String] {
        Mirror(reflecting: command).children.map { "\($0.label ?? "") = \($0.value)" }
    }
}
