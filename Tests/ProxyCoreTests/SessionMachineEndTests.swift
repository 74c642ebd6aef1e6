import MySQLWire
import ProxyCore
import Testing

@Suite("Session machine: losses, deadlines, drain")
struct SessionMachineEndTests {
    typealias Machine = SessionMachine

    /// A session in each state, by its name.
    private static let sessions: [(ConnectionState, Machine)] = {
        var connecting = Machine(subscribed: [])
        _ = connecting.clientAccepted()
        var asked = Machine.loggingIn()
        _ = asked.backend(packet(2, [0xFE, 0x61, 0]))
        var torn = Machine.loggedIn()
        _ = torn.client(Array(Machine.query[..<6]))
        var endless = Machine.loggedIn()
        _ = endless.client(packet(0, [18, 0]))
        _ = endless.backend(packet(1, [0, 1]))
        var closed = Machine.loggedIn()
        _ = closed.closeRequested()
        return [
            (.initial, Machine(subscribed: [])), (.connectServer, connecting), (.readHandshake, .connected()),
            (.readAuth, .greeted()), (.readAuthResult, .loggingIn()), (.readAuthOldPassword, asked),
            (.readQuery, .loggedIn()), (.sendQuery, torn), (.readQueryResult, .querying()),
            (.prepareBackend, .preparing(.reset)), (.readLocalInfileData, .sendingFile()), (.endlessResult, endless),
            (.closed, closed),
        ]
    }()

    private static func session(_ state: ConnectionState) -> Machine {
        sessions.first { $0.0 == state }?.1 ?? Machine(subscribed: [])
    }

    @Test("every state has its session here", arguments: ConnectionState.allCases)
    func states(state: ConnectionState) {
        #expect(Self.session(state).state == state)
    }

    @Test("a lost client ends the session in every state", arguments: ConnectionState.allCases)
    func clientLost(state: ConnectionState) {
        var machine = Self.session(state)
        let end: Answer =
            switch state {
            case .closed: .wait
            case .readQuery: .init(end: .clientClosed)
            default: .init(end: .clientLost(state))
            }
        #expect(machine.clientLost() == end)
        #expect(machine.clientLost() == .wait)
    }

    @Test("a lost backend is told to the client where a packet may begin", arguments: ConnectionState.allCases)
    func backendLost(state: ConnectionState) {
        var machine = Self.session(state)
        let sequence: UInt8? =
            switch state {
            case .readAuth, .readAuthResult: 2
            case .readAuthOldPassword: 4
            case .sendQuery, .readQueryResult: 1
            case .readLocalInfileData: 2
            default: nil
            }
        let end: Answer =
            switch state {
            case .initial, .closed: .wait
            case .connectServer, .readHandshake: .init(consult: .connect)
            case .prepareBackend: .init(backend: .replace)
            default:
                .init(
                    client: sequence.map { .notify(.backendLost, sequence: $0) } ?? .none, end: .backendLost(state))
            }
        #expect(machine.backendLost() == end)
    }

    @Test("a deadline blames whoever's turn it is", arguments: ConnectionState.allCases)
    func deadline(state: ConnectionState) {
        var machine = Self.session(state)
        let end: Answer =
            switch state {
            case .closed: .wait
            case .initial, .connectServer, .readHandshake:
                .init(client: .notify(.loginTimeout, sequence: 0), end: .loginTimeout)
            case .readAuth, .readAuthResult: .init(client: .notify(.loginTimeout, sequence: 2), end: .loginTimeout)
            case .readAuthOldPassword: .init(client: .notify(.loginTimeout, sequence: 4), end: .loginTimeout)
            case .readQuery, .sendQuery, .readLocalInfileData: .init(end: .clientTimeout)
            case .prepareBackend, .readQueryResult:
                .init(client: .notify(.backendTimeout, sequence: 1), end: .backendTimeout)
            case .endlessResult: .init(end: .backendTimeout)
            }
        #expect(machine.deadlinePassed(stalled: nil) == end)
        var stalled = Self.session(state)
        #expect(stalled.deadlinePassed(stalled: .client) == (state == .closed ? .wait : .init(end: .clientStalled)))
    }

    @Test("a client whose command a hook holds is answered when its backend is lost, and is waited for in a drain")
    func heldCommand() {
        var machine = Machine.loggedIn(.init(.query))
        #expect(machine.client(packet(0, [3, 0x61])).consult == .query)
        var draining = machine
        #expect(draining.drainRequested(isCommandHeld: true) == .wait)
        #expect(draining.commandDecided(.answer) == .init(client: .send(sequence: 1), end: .drained))
        #expect(
            machine.backendLost(isCommandHeld: true)
                == .init(client: .notify(.backendLost, sequence: 1), end: .backendLost(.readQuery)))
    }

    @Test("a backend that takes nothing of a command is told from a silent client")
    func stalledBackend() {
        var machine = Machine.loggedIn()
        _ = machine.client(packet(0, [3] + [UInt8](repeating: 0x61, count: 100)).prefix(50).map { $0 })
        #expect(machine.state == .sendQuery)
        #expect(
            machine.deadlinePassed(stalled: .backend)
                == .init(client: .notify(.backendTimeout, sequence: 1), end: .backendStalled))
    }

    @Test("the login's deadline is over with the login: COM_CHANGE_USER is a command")
    func changeUserIsNoLogin() {
        var machine = Machine.loggedIn()
        _ = machine.client(packet(0, [17, 0x61]))
        _ = machine.backend(packet(1, [0xFE, 0x61, 0]))
        var silent = machine
        #expect(silent.deadlinePassed(stalled: nil) == .init(end: .clientTimeout))
        _ = machine.client(packet(2, [1]))
        #expect(
            machine.deadlinePassed(stalled: nil)
                == .init(client: .notify(.backendTimeout, sequence: 3), end: .backendTimeout))
    }

    @Test("a drain ends what rests, and lets commands end first", arguments: ConnectionState.allCases)
    func drain(state: ConnectionState) {
        var machine = Self.session(state)
        let mayGoOn: [ConnectionState] = [
            .sendQuery, .prepareBackend, .readQueryResult, .readLocalInfileData, .closed,
        ]
        #expect(machine.drainRequested() == (mayGoOn.contains(state) ? .wait : .init(end: .drained)))
    }

    @Test("a draining session ends with the answer under way")
    func drainInQuery() {
        var machine = Machine.querying()
        #expect(machine.drainRequested() == .wait)
        #expect(machine.backend(packet(1, Machine.okay)) == .init(consumed: 11, client: .relay, end: .drained))
    }

    @Test("a draining session keeps an open transaction to its end")
    func drainInTransaction() {
        var machine = Machine.querying()
        _ = machine.backend(packet(1, ResultFixtures.ok(status: 3)))
        #expect(machine.isInTransaction)
        #expect(machine.drainRequested() == .wait)
        #expect(machine.client(Machine.query) == .init(consumed: 7, backend: .relay))
        #expect(machine.backend(packet(1, ResultFixtures.ok(status: 3))) == .init(consumed: 11, client: .relay))
        _ = machine.client(Machine.query)
        #expect(machine.backend(packet(1, Machine.okay)) == .init(consumed: 11, client: .relay, end: .drained))
    }

    @Test("a drain lets COM_CHANGE_USER end")
    func drainInChangeUser() {
        var machine = Machine.loggedIn()
        _ = machine.client(packet(0, [17, 0x61]))
        _ = machine.backend(packet(1, [0xFE, 0x61, 0]))
        #expect(machine.drainRequested() == .wait)
        _ = machine.client(packet(2, [1]))
        #expect(machine.backend(packet(3, Machine.okay)) == .init(consumed: 11, client: .relay, end: .drained))
    }

    @Test("a backend that is lost while its session drains is no fault")
    func drainAndLoss() {
        var machine = Machine.querying()
        _ = machine.backend(packet(1, ResultFixtures.ok(status: 3)))
        _ = machine.drainRequested()
        #expect(machine.backendLost() == .init(end: .drained))
    }

    @Test("inside a packet of the answer, a loss is told by the end alone")
    func lossInsidePacket() {
        var machine = Machine.querying()
        #expect(machine.backend(packet(1, [1])) == .init(consumed: 5, client: .relay))
        let column = packet(2, ResultFixtures.column)
        #expect(machine.backend(Array(column[..<9])) == .init(consumed: 9, client: .relay))
        #expect(machine.backendLost() == .init(end: .backendLost(.readQueryResult)))
    }

    @Test("at a packet's border within the answer, the ERR takes the next id")
    func lossAtBorder() {
        var machine = Machine.querying()
        _ = machine.backend(packet(1, [1]))
        #expect(
            machine.backendLost()
                == .init(client: .notify(.backendLost, sequence: 2), end: .backendLost(.readQueryResult)))
    }

    @Test("a hook that holds for too long, and a plugin's wish, end the session")
    func holdAndClose() {
        var held = Machine.querying()
        #expect(held.holdExpired() == .init(client: .notify(.holdTimeout, sequence: 1), end: .holdTimeout))
        #expect(held.holdExpired() == .wait)
        var closed = Machine.querying()
        #expect(closed.closeRequested() == .init(end: .plugin))
        #expect(closed.closeRequested() == .wait)
        #expect(closed.drainRequested() == .wait)
    }
}
