import Accounts
import Locking
import MySQLWire
import PluginAPI
import Pooling
import Synchronization

/// What all loops of the funnel share.
final class Funnel: Sendable {
    let host: any PluginHost
    let settings: FunnelSettings
    let accounts: AccountDirectory
    let users = UserDirectory()
    let loops: LoopTable<FunnelWorker>
    let admission: Admission
    let statements = StatementTable()
    let mirrors = MirrorGate()
    /// Milliseconds that a server has to apply what a statement must see; 0 for those only that have it already.
    let gtidWait = Atomic<Int>(500)
    private let tickets = Atomic<UInt64>(0)
    private let errands = Atomic<UInt64>(0)
    private let opened = Lock<[BackendPool]>([])

    init(options: FunnelOptions, host: any PluginHost) throws {
        self.host = host
        settings = FunnelSettings(options)
        accounts = try AccountDirectory(options: options)
        loops = LoopTable(count: host.loopCount)
        admission = Admission(policy: settings.admission, loops: loops)
    }

    /// The pools of the backends, by the backends' numbers; those of new backends are made when first asked for.
    var pools: [BackendPool] {
        let backends = host.backends.all
        return opened.withLock { pools in
            for backend in backends.dropFirst(pools.count) {
                pools.append(
                    BackendPool(
                        backend: backend, index: backend.index, policy: settings.lease(of: backend), loops: loops,
                        seed: UInt64.random(in: .min ... .max)))
                // Not by a weak reference to the pool, which would make every other one slow.
                backend.setMeter { [weak self, index = backend.index] in
                    self?.pool(numbered: index).usage ?? ServerUsage(busy: 0, free: 0)
                }
            }
            return pools
        }
    }

    private func pool(numbered index: Int) -> BackendPool { opened.withLock { $0[index] } }

    /// What clients are greeted with: what the first backend that has greeted says of itself.
    var serverGreeting: Greeting {
        pools.lazy.filter { !$0.backend.isRemoved }.compactMap(\.greeting).first
            ?? Greeting(
                serverVersion: "5.5.5-10.11.0-MariaDB", connectionID: 0, scramble: [], capabilities: [], collation: 45,
                status: .autocommit, authMethod: "")
    }

    /// A number that no client's session has, for an errand of the funnel's own.
    func nextErrand() -> SessionID {
        SessionID(SessionID.errand | errands.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    /// A place in the order of arrival over the whole process.
    func nextTicket() -> UInt64 {
        tickets.wrappingAdd(1, ordering: .relaxed).newValue
    }
}

// Sessions are found by the slots in their numbers: a table by number would take several times the memory.
extension SessionID {
    fileprivate static let errand: UInt64 = 1 << 63
    private static let slotShift: UInt64 = 40

    /// The number of a session: for an errand its own; else unique as long as there are less than 2^40 of them.
    init(of session: Session) {
        let count: UInt64 = 1 << Self.slotShift
        let isErrand = session.id & Self.errand != 0
        self.init(
            isErrand
                ? session.id
                : UInt64(session.slot) << Self.slotShift & ~Self.errand | session.id & (count - 1))
    }

    /// The slot of the client's session; nil for an errand.
    var slot: Int? { number & Self.errand == 0 ? Int(number >> Self.slotShift) : nil }
}

/// The funnel's options, as its parts want them.
struct FunnelSettings: Sendable {
    let lease: LeasePolicy
    let admission: AdmissionPolicy
    /// For one attempt to connect to a backend.
    let connectTimeout = TimeSpan.seconds(2)
    /// How long a client may be silent in a transaction; nil for ever.
    let transactionTimeout: TimeSpan?
    /// The account that looks accounts up.
    let authUser: String?
    let table = SettingsTable()
    /// What a backend connection has after its login.
    let fresh: SessionSettings

    /// The limits of one backend's connections: what its rows say comes before the option.
    func lease(of backend: Backend) -> LeasePolicy {
        var policy = lease
        if let maximum = backend.maxConnections {
            policy.maximum = maximum
            policy.minimum = min(policy.minimum, maximum)
        }
        return policy
    }

    init(_ options: FunnelOptions) {
        lease = options.leasePolicy
        admission = options.admissionPolicy
        transactionTimeout = options.funnelTransactionTimeout > 0 ? .seconds(options.funnelTransactionTimeout) : nil
        authUser = options.funnelAuthUser
        fresh = table.settings(.login(collation: BackendHandshake.collation, schema: nil, takesSeveralStatements: true))
    }
}
