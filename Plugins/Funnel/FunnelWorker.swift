import Accounts
import MySQLWire
import PluginAPI
import Pooling
import Telemetry

/// The funnel on one loop: its sessions, and the backend connections that are here now.
final class FunnelWorker: ConnectHook, DisconnectHook, DrainHook {
    let funnel: Funnel
    /// Its loop, which has the worker as long as it runs.
    unowned(unsafe) let loop: any LoopContext
    /// The loop's number.
    let index: Int

    /// The clients' sessions, by their slots.
    private var sessions: [FunnelSession?] = []
    /// Who else may be granted a connection, by number.
    private var errands: [UInt64: any Lessee] = [:]
    /// The connections that are here now.
    private var connections = ConnectionTable()
    /// Clients in the connect backlog.
    private var clients: [ClientID: Session] = [:]
    private var admissions = PerSession<ClientAdmission?>(nil)
    private var monitors: [Int: PoolMonitor] = [:]
    /// What this loop has counted and measured.
    var numbers = LoopNumbers()
    /// What it has had to do with the lease books, which all loops share.
    var ledgerWork = LedgerWork()
    /// The effects of texts that its clients send again and again.
    var effectsCache: EffectsCache
    /// What clients are to answer at their login.
    var challenges = ChallengeSource()
    /// What logins alike give their sessions.
    var loginSettings = LoginSettings()
    /// Whether the kept leases are looked at soon.
    private var looksAtLeases = false
    private var spareSteps: [LeaseStep] = []
    private var spareOutput: [UInt8] = []
    var spareCommands = SpareCommands()
    /// The pools of the backends, by the backends' numbers, as far as this loop has needed them.
    private var pools: [BackendPool] = []
    /// Chooses servers for this loop's statements.
    let chooser: ServerChooser
    /// Whether the last client has gone for good.
    private(set) var isEnding = false
    private(set) lazy var lookups = AccountLookups(worker: self)
    private(set) lazy var mirrors = MirrorQueue(worker: self)

    private struct ClientAdmission {
        let id: ClientID
        var refusal: AdmissionRefusal?
        var isAdmitted = false
    }

    init(funnel: Funnel, loop: any LoopContext) {
        self.funnel = funnel
        self.loop = loop
        index = loop.index
        effectsCache = EffectsCache(loop.textInWork)
        chooser = ServerChooser(funnel.host.backends)
        guard index == 0 else { return }
        loop.schedule(at: loop.now) { [self] in beginServing() }
    }

    func log(_ level: LogLevel, _ text: () -> String) {
        funnel.host.log(level, text())
    }

    /// The pool of the backend's connections.
    func pool(of backend: Backend) -> BackendPool {
        // A new backend's pool is made by whoever needs it first, on whichever loop.
        if backend.index >= pools.count { pools = funnel.pools }
        return pools[backend.index]
    }

    // MARK: Clients

    func connect(_ session: Session) -> ConnectVerdict {
        if admissions[session] == nil { arrive(session) }
        guard let admission = admissions[session] else { return .next }
        if let refusal = admission.refusal { return .refuse(Self.error(of: refusal)) }
        guard admission.isAdmitted else {
            return .hold(until: loop.now + funnel.settings.admission.timeout + .seconds(5))
        }
        let served = FunnelSession(session, on: self)
        enter(served)
        return .serve(served)
    }

    private func arrive(_ session: Session) {
        arriving = session
        let id = funnel.admission.arrived(on: self)
        arriving = nil
        if admissions[session] == nil {
            admissions[session] = ClientAdmission(id: id)
            clients[id] = session
        }
    }

    /// The session that arrives in this very call.
    private var arriving: Session?

    /// A client is let in, or sent away.
    func perform(_ step: AdmissionStep) {
        switch step {
        case .admit(let id, _): settle(ClientAdmission(id: id, isAdmitted: true))
        case .refuse(let id, _, let refusal): settle(ClientAdmission(id: id, refusal: refusal))
        }
    }

    private func settle(_ admission: ClientAdmission) {
        if let session = clients[admission.id] {
            clients[admission.id] = nil
            admissions[session] = admission
            session.resume()
        } else if let arriving {
            admissions[arriving] = admission
        }
    }

    func disconnect(_ session: Session) {
        guard let admission = admissions[session] else { return }
        admissions[session] = nil
        clients[admission.id] = nil
        if admission.refusal == nil { funnel.admission.left(admission.id, from: self) }
    }

    private static func error(of refusal: AdmissionRefusal) -> SQLError {
        let reason =
            switch refusal {
            case .backlogFull: "the backlog of new clients is full"
            case .timeout: "no place came free in time (--funnel-max-clients, --funnel-connect-backlog-timeout)"
            }
        return SQLError(code: 1040, state: "08004", message: "Too many connections: \(reason)")
    }

    // MARK: Lessees

    /// The client's session with that id of its connection.
    func session(withID id: UInt64) -> FunnelSession? {
        sessions.lazy.compactMap(\.self).first { UInt64($0.connectionID) == id }
    }

    /// The client's session with that number.
    func session(numbered number: UInt64) -> FunnelSession? {
        guard let slot = SessionID(number).slot, slot < sessions.count, let session = sessions[slot],
            session.id.number == number
        else { return nil }
        return session
    }

    private func lessee(_ id: SessionID) -> (any Lessee)? {
        id.slot == nil ? errands[id.number] : session(numbered: id.number)
    }

    func enter(_ lessee: any Lessee) {
        guard let slot = lessee.id.slot, let session = lessee as? FunnelSession else {
            return errands[lessee.id.number] = lessee
        }
        while sessions.count <= slot { sessions.append(nil) }
        sessions[slot] = session
    }

    func leave(_ lessee: any Lessee) {
        guard let slot = lessee.id.slot else { return errands[lessee.id.number] = nil }
        if session(numbered: lessee.id.number) != nil { sessions[slot] = nil }
    }

    // MARK: Steps of the lease books

    func perform(_ step: LeaseStep, of pool: BackendPool) {
        switch step {
        case .grant(let grant): grantLeaves(grant, of: pool)
        case .open(let id, let user, _): open(id, of: pool, user: user)
        case .close(let id, _, _): connection(id, of: pool)?.close()
        case .ping(let id, _): connection(id, of: pool)?.ping()
        case .refuse(let refusal): lessee(refusal.session)?.refused(refusal, by: pool)
        }
    }

    /// The connections of the pool that are here.
    func connections(of pool: BackendPool) -> [BackendConnection] { connections.all.filter { $0.pool === pool } }

    /// All connections that are here.
    var allConnections: [BackendConnection] { connections.all }

    private func connection(_ id: ConnectionID, of pool: BackendPool) -> BackendConnection? {
        connections.connection(id, ofPool: pool.index)
    }

    private func open(_ id: ConnectionID, of pool: BackendPool, user: UserID) {
        let connection = BackendConnection(id, of: pool, user: user, worker: self)
        pool.enter(connection.lease)
        keep(connection)
        connection.begin()
    }

    func keep(_ connection: BackendConnection) {
        connections.insert(connection)
    }

    /// Takes a connection out that has ended or moved; it lives on to the end of the turn, since its code may be running.
    func forget(_ connection: BackendConnection) {
        // Before the table lets go of it: whoever called it doesn't hold it, and nobody else may.
        loop.schedule(at: loop.now) { withExtendedLifetime(connection) {} }
        connections.remove(connection)
    }

    /// A connection that is here is granted: what its last session left is read first, then it goes to its new one.
    private func grantLeaves(_ grant: LeaseGrant, of pool: BackendPool) {
        guard let connection = connection(grant.connection, of: pool) else {
            // It broke while the grant was under way; the book has been told, and the session asks again.
            return arrive(grant, nil, of: pool)
        }
        if grant.isOwn { return arrive(grant, connection, of: pool) }
        // Nearly always, and without a closure.
        if connection.isLeft() { return handOver(connection, grant) }
        connection.capture { [self] in handOver(connection, grant) }
    }

    /// The connection that its last session has left goes to the one that it is granted to.
    private func handOver(_ connection: BackendConnection, _ grant: LeaseGrant) {
        guard connection.phase == .ready else { return arrive(grant, nil, of: connection.pool) }
        if grant.loop.number == index {
            arrive(grant, connection, of: connection.pool)
        } else {
            carry(connection, grant)
        }
    }

    func arrive(_ grant: LeaseGrant, _ connection: BackendConnection?, of pool: BackendPool) {
        if grant.loop.number != index {
            return funnel.loops.post(to: grant.loop.number) { $0.arrive(grant, nil, of: pool) }
        }
        let lessee = lessee(grant.session)
        guard let connection else {
            lessee?.grantFailed(of: pool)
            return
        }
        let now = loop.now
        (connection.lentAt, connection.grantedAt) = (now, now)
        guard let lessee else {
            // The session went while its grant was under way.
            return connection.giveBack()
        }
        lessee.granted(connection)
    }

    /// A lease is kept by its session: it is looked at later, as nobody may come back for it.
    func leaseIsKept() {
        guard !looksAtLeases else { return }
        looksAtLeases = true
        loop.schedule(at: loop.now + BackendConnection.longestKept) { [self] in
            looksAtLeases = false
            var areKept = false
            // A copy, as the visit may change the table.
            let table = connections
            table.visit { connection in
                guard connection.lease.isOpen || connection.lease.isUnused else { return }
                areKept = true
                connection.returnUnused()
            }
            if areKept { leaseIsKept() }
        }
    }

    // MARK: Failures

    /// A connection could not be opened.
    func openFailed(_ connection: BackendConnection, _ reason: String, couldConnect: Bool, refusal: SQLError?) {
        let pool = connection.pool
        if let refusal { funnel.users.refused(connection.user, refusal) }
        let isUsers = refusal?.isOfUser ?? false
        log(isUsers ? .info : .warning) {
            "no connection to \(pool.backend.endpoint) as "
                + "'\(self.funnel.users.identity(of: connection.user).user)': \(reason)"
        }
        let isDown = !couldConnect
        if isDown { pool.backend.state = .down }
        pool.tell(from: self) { book, now, steps in
            if isDown { book.backendDown(now: now) }
            book.openFailed(connection.id, isUsers ? .user : .backend, now: now, &steps)
        }
        guard isDown else { return }
        funnel.loops.post(to: 0) { $0.watch(pool) }
        funnel.loops.post { $0.moveWaiters(from: pool) }
    }

    /// Looks after a backend that is down, on loop 0.
    func watch(_ pool: BackendPool) {
        guard monitors[pool.index] == nil else { return }
        let monitor = PoolMonitor(pool, on: self) { [unowned self] in monitors[pool.index] = nil }
        monitors[pool.index] = monitor
        monitor.begin()
    }

    /// Whoever waits for a server that is down, and may have another one, goes there.
    private func moveWaiters(from pool: BackendPool) {
        guard !pool.backend.isReady else { return }
        for session in sessions { session?.serverWentDown(pool) }
        for errand in errands.values { (errand as? FunnelSession)?.serverWentDown(pool) }
    }

    // MARK: Begin and end

    /// On loop 0: learns what the servers are, and opens the connections that are kept.
    private func beginServing() {
        funnel.observeServers()
        followServers()
    }

    func sessionsEnded() {
        isEnding = true
        mirrors.end()
        for pool in funnel.pools {
            pool.tell(from: self) { book, now, steps in book.drained(now: now, &steps) }
        }
        for connection in connections.all { connection.close() }
    }

    // MARK: Memory to use again

    func takeStepBuffer() -> [LeaseStep] {
        var steps: [LeaseStep] = []
        swap(&steps, &spareSteps)
        return steps
    }

    /// Consuming, as a second reference to the memory would have it allocated anew.
    func giveBack(stepBuffer: consuming [LeaseStep]) {
        // One by one, as there is seldom more than one.
        while !stepBuffer.isEmpty { stepBuffer.removeLast() }
        spareSteps = stepBuffer
    }

    func takeOutputBuffer() -> [UInt8] {
        var output: [UInt8] = []
        swap(&output, &spareOutput)
        return output
    }

    func giveBack(outputBuffer: consuming [UInt8]) {
        guard outputBuffer.capacity <= 1 << 20 else { return }
        if !outputBuffer.isEmpty { outputBuffer.removeAll(keepingCapacity: true) }
        spareOutput = outputBuffer
    }
}

/// Who is granted connections: clients' sessions, and the funnel's own errands.
protocol Lessee: AnyObject {
    /// The number that the lease books know it by.
    var id: SessionID { get }

    /// A connection is its own until it gives it back; what another session left has been read from it.
    func granted(_ connection: BackendConnection)

    /// The connection that it was granted broke on the way: it may ask again.
    func grantFailed(of pool: BackendPool)

    /// It gets none.
    func refused(_ refusal: LeaseRefusal, by pool: BackendPool)
}

extension SQLError {
    /// Whether a server's refusal of a login is about the account, and not about the server's state.
    var isOfUser: Bool {
        switch code {
        // Access denied (also without password, to no schema), plugin not loaded, expired, locked, unknown method.
        case 1044, 1045, 1251, 1524, 1698, 1820, 1862, 3118, 3878, 4151, 2054, 2059: true
        case _: false
        }
    }
}
