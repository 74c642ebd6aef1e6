public import MySQLWire

/// A client's session as hooks see it; the chassis keeps it up to date.
///
/// A session belongs to its loop's thread.
open class Session {
    /// The proxy's own number for the session, unique in the process's life.
    public let id: UInt64
    /// The session's place in its loop's ``PerSession`` tables, reused after its end.
    public let slot: Int
    /// Counts the uses of the slot, so that a value of an earlier session is never seen.
    public let generation: UInt32
    /// The client's address.
    public let clientAddress: String
    /// The address that the client connected to.
    public let listenerAddress: String

    /// The backend that the session is connected or connecting to; nil without one.
    public package(set) var backend: Backend?
    /// How many backends have failed this session so far.
    public package(set) var failedConnects = 0
    /// The backend's greeting, once it has arrived.
    public package(set) var greeting: Greeting?
    /// The client's login, once it has arrived.
    public package(set) var login: LoginRequest?
    /// Whether the login has succeeded.
    public package(set) var isLoggedIn = false
    /// The flags of the last OK or EOF from the backend.
    public package(set) var status: StatusFlags = []
    /// The greeting of the connection in use, which may have begun with another session; nil before it has arrived.
    public package(set) var backendGreeting: Greeting?
    /// The client's default schema, empty for none: the login's, then what COM_INIT_DB, `USE` and the server's session
    /// tracking told.
    ///
    /// `USE` behind another statement of one query is only seen where client and server negotiated session tracking.
    public package(set) var schemaBytes: [UInt8] = []
    /// Whether the backend connection is to be parked once the answer under way has gone to the client.
    public package(set) var isParking = false
    /// The backend that a script wants statements to go to, where a ``LocalServer`` chooses among several; nil for any.
    public var route: Backend?
    /// The hostgroup that the next statement is to go to, where a ``LocalServer`` chooses; nil for the usual one. ``route``
    /// comes before it, and a session that must keep its connection stays there.
    public var hostgroup: Int?
    /// The hostgroup of statements for which ``hostgroup`` says nothing, as the client's account has it; nil for the
    /// usual one of the process.
    public var defaultHostgroup: Int?
    /// The default schema that the client's account has where the login names none; empty for none.
    package var defaultSchemaBytes: [UInt8] = []
    /// What statement hooks order for the statement under way; set anew before they are asked about the next one.
    public var orders = StatementOrders()
    /// Transactions that the server must have applied before the next statement runs, where a ``LocalServer`` chooses; nil
    /// for none.
    public var minimumGTIDs: GTIDList?
    /// A copy of the next statement for another hostgroup, where a ``LocalServer`` chooses and takes it; nil for none.
    public var mirror: MirroredStatement?
    /// Why the session ended; nil while it goes on.
    public package(set) var endReason: String?

    /// A session that begins.
    package init(id: UInt64, slot: Int, generation: UInt32, clientAddress: String, listenerAddress: String) {
        self.id = id
        self.slot = slot
        self.generation = generation
        self.clientAddress = clientAddress
        self.listenerAddress = listenerAddress
    }

    /// The proxy's end of the backend connection; nil without one.
    open var backendLocalAddress: String? { nil }

    /// What the client and the server have agreed on; empty before the login.
    open var capabilities: Capabilities { [] }

    /// Asks the hook that answered `hold` or `delay` once more, in a later turn of the loop.
    open func resume() {}

    /// Closes the session after the answer that is under way.
    open func closeAfterResult() {}

    /// What the session has set that the results of its statements may depend on, its schema aside: equal bytes for
    /// sessions that set the same; nil where that isn't known, or more than settings counts, such as temporary tables.
    open var resultSettings: [UInt8]? { nil }

    /// The default schema of the backend connection in use; another one than ``schemaBytes`` on a connection that was
    /// taken and has had no command since.
    open var backendSchemaBytes: [UInt8] { schemaBytes }

    /// Gives the backend connection away, to be taken by this session or another one of the same loop.
    ///
    /// In the query phase and at the end of the session that is done at once; in the result and auth-result phases after
    /// the result went to the client, if the connection can still be parked then. A session that takes its own
    /// connection back finds it as it was, unless another session has used it meanwhile: then temporary tables, user
    /// variables, locks and settings are gone. Until another session takes it, its locks hold others up.
    ///
    /// - Throws: why the connection can't be parked; nothing has changed then.
    open func parkBackend() throws(ParkingObstacle) { throw .unsupported }

    /// Takes a parked connection to the backend in place of the present one, which is parked: for the command in the
    /// query phase, for the next query in the result phase.
    ///
    /// It must have been parked on this loop, for the same user, with capabilities and collation that fit; the session's
    /// own one is preferred, then the oldest. The core resets what another session has used, before the next command.
    ///
    /// - Returns: whether the session uses that backend now; false where nothing is parked for it.
    /// - Throws: why the present connection can't be given away; nothing has changed then.
    open func takeBackend(_ backend: Backend) throws(ParkingObstacle) -> Bool { throw .unsupported }
}

/// Why a session can't give its backend connection away.
public enum ParkingObstacle: Error, Equatable, Sendable {
    /// There is no backend connection.
    case noBackend
    /// The login isn't finished, or was one that the core can't follow.
    case loginUnfinished
    /// An answer is under way.
    case answerUnderWay
    /// A transaction is open.
    case transactionOpen
    /// Autocommit is off: a transaction may be open without the server saying so.
    case autocommitOff
    /// Prepared statements are open, and their ids belong to the connection.
    case statementsOpen
    /// The connection or the process is about to end.
    case ending
    /// Sessions of this kind can't.
    case unsupported
}

extension ParkingObstacle: CustomStringConvertible {
    /// The reason in words that follow "because".
    public var description: String {
        switch self {
        case .noBackend: "the session has no backend connection"
        case .loginUnfinished: "the login isn't finished"
        case .answerUnderWay: "an answer is under way"
        case .transactionOpen: "a transaction is open; wait for its COMMIT or ROLLBACK"
        case .autocommitOff: "autocommit is off, so that a transaction may be open"
        case .statementsOpen: "the client has prepared statements open, which belong to the connection"
        case .ending: "the connection is about to end"
        case .unsupported: "sessions of this kind keep their connection"
        }
    }
}

/// A plugin's value for every session of a loop, as a dense table.
///
/// A slot is checked against its session's generation: a closed session's value can't leak into the next one.
/// Inlinable, since every hook looks here first: without its element's type each look copies by metadata.
@frozen
public struct PerSession<Value> {
    @usableFromInline
    struct Slot {
        @usableFromInline var generation: UInt32
        @usableFromInline var value: Value

        @inlinable
        init(generation: UInt32, value: Value) {
            self.generation = generation
            self.value = value
        }
    }

    @usableFromInline var slots: [Slot] = []
    @usableFromInline let initial: Value

    /// A table in which every session begins with `initial`.
    @inlinable
    public init(_ initial: Value) {
        self.initial = initial
    }

    /// The session's value.
    @inlinable
    public subscript(session: Session) -> Value {
        get {
            guard session.slot < slots.count, slots[session.slot].generation == session.generation else {
                return initial
            }
            return slots[session.slot].value
        }
        set {
            while slots.count <= session.slot {
                slots.append(Slot(generation: 0, value: initial))
            }
            slots[session.slot] = Slot(generation: session.generation, value: newValue)
        }
    }
}
