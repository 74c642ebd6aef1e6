import MySQLWire
import Testing

@testable import ServerSide

@Suite("The server side's machine")
struct ServerMachineTests {
    @Test("greeting, login, commands, quit")
    func transcript() {
        var machine = ServerMachine()
        #expect(machine.packetArrived(.ping) == .nothing)
        #expect(machine.clientConnected() == .greet)
        #expect(machine.clientConnected() == .nothing)
        #expect(machine.packetArrived(Command(rawValue: 0x85)) == .checkLogin)
        #expect(machine.passwordChecked(.right) == .admit)
        #expect(!machine.takesPackets)
        #expect(machine.answered(isError: false) == .nothing)
        #expect(machine.packetArrived(.query) == .run(.query))
        #expect(!machine.takesPackets)
        #expect(machine.answered(isError: true) == .nothing)
        #expect(machine.packetArrived(.closeStatement) == .run(.closeStatement))
        #expect(machine.takesPackets)
        #expect(machine.packetArrived(.quit) == .close(reason: "the client has quit"))
        #expect(machine.phase == .closed)
    }

    @Test("one new challenge a login: who fails it is denied")
    func challenges() {
        var machine = ServerMachine()
        _ = machine.clientConnected()
        _ = machine.packetArrived(nil)
        #expect(machine.passwordChecked(.inconclusive(.cachingSHA2)) == .askAgain(.cachingSHA2))
        #expect(machine.packetArrived(nil) == .checkAnswer(.cachingSHA2))
        #expect(machine.passwordChecked(.inconclusive(.cachingSHA2)) == .deny)
        #expect(machine.phase == .closed)
    }

    @Test("a change of user logs in anew, and its refusal closes")
    func changeOfUser() {
        var machine = ServerMachine()
        _ = machine.clientConnected()
        _ = machine.passwordChecked(.right)
        _ = machine.answered(isError: false)
        #expect(machine.packetArrived(.changeUser) == .checkUserChange)
        #expect(machine.passwordChecked(.inconclusive(.native)) == .askAgain(.native))
        #expect(machine.passwordChecked(.right) == .admit)
        #expect(machine.answered(isError: true) == .nothing)
        #expect(machine.phase == .closed)
    }

    @Test("after the client's end no event causes a step")
    func afterEnd() {
        var machine = ServerMachine()
        _ = machine.clientConnected()
        machine.clientEnded()
        #expect(machine.packetArrived(.query) == .nothing)
        #expect(machine.passwordChecked(.right) == .nothing)
        #expect(machine.packetRefused(.packetTooLarge, reason: "late") == .nothing)
        #expect(machine.answered(isError: false) == .nothing)
    }
}
