import Benchmark
import MySQLWire
import ProxyCore

/// The session machine: a command, its answer, and what hooks say in between.
func machines() {
    measure("machine.query") {
        var machine = loggedIn(PhaseSet())
        let answer = Packets.answer(rows: 1)
        return {
            blackHole(machine.clientReceived(Packets.pointSelect.span))
            blackHole(machine.backendReceived(answer.span))
        }
    }
    measure("machine.query-with-hook") {
        var machine = loggedIn(PhaseSet(.query))
        let answer = Packets.answer(rows: 1)
        return {
            blackHole(machine.clientReceived(Packets.pointSelect.span))
            blackHole(machine.commandDecided(.forward))
            blackHole(machine.backendReceived(answer.span))
        }
    }
    measure("machine.login") {
        return { blackHole(loggedIn(PhaseSet())) }
    }
}

private let greeting = Packets.packets([[10, 0]])
private let login = Packets.packets([[1, 2, 3]], from: 1)
private let welcome = Packets.packets(
    [OKPacket(status: .autocommit).encode(capabilities: Packets.capabilities)], from: 2)

private func loggedIn(_ hooks: PhaseSet) -> SessionMachine {
    var machine = SessionMachine(subscribed: hooks)
    _ = machine.clientAccepted()
    _ = machine.backendChosen()
    _ = machine.backendConnected()
    _ = machine.backendReceived(greeting.span)
    _ = machine.handshakeDecided(offered: Packets.capabilities)
    _ = machine.clientReceived(login.span)
    _ = machine.loginDecided(.forward, capabilities: Packets.capabilities)
    _ = machine.backendReceived(welcome.span)
    return machine
}
