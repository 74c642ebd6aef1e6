public import MySQLWire

/// A client's session as hooks see it; the chassis keeps it up to date.
///
/// A session belongs to its loop's thread.
open class Session {
    /// The proxy's own number for the session, unique in the process's life.
    public final let id: UInt64
    @usableFromInline final let place: UInt32
    /// Counts the uses of the slot, so that a value of an earlier session is never seen.
    public final let generation: UInt32
    /// Where the client came in.
    package final let entrance: Entrance
    /// The backend that the session is connected or connecting to; nil without one.
    public package(set) final var backend: Backend?
    /// What only the begin and the end of a session bring; nil where it has nothing of them.
    package final var passage: Passage?
    /// What statement hooks have ordered; nil until one does.
    final var orderBook: OrderBook?
    /// The client's default schema, empty for none: the login's, then what COM_INIT_DB, `USE` and the server's session
    /// tracking told.
    ///
    /// `USE` behind another statement of one query is only seen where client and server negotiated session tracking.
    public package(set) final var schemaBytes: [UInt8] = []
    /// The default schema that the client's account has where the login names none; empty for none.
    package final var defaultSchemaBytes: [UInt8] = []
    /// The backend that a script wants statements to go to, where a ``LocalServer`` chooses among several; nil for any.
    public final var route: Backend?
    final var wantedHostgroup = Session.noHostgroup
    final var usualHostgroup = Session.noHostgroup
    /// The flags of the last OK or EOF from the backend.
    public package(set) final var status: StatusFlags = []
    /// Whether the login has succeeded.
    public package(set) final var isLoggedIn = false
    /// Whether the backend connection is to be parked once the answer under way has gone to the client.
    public package(set) final var isParking = false

    /// An optional would take twice the room, in every session.
    static let noHostgroup = Int.min

    /// A session that begins.
    package init(id: UInt64, slot: Int, generation: UInt32, entrance: Entrance) {
        self.id = id
        place = UInt32(slot)
        self.generation = generation
        self.entrance = entrance
    }

    /// A session that begins, of a client whose address nobody else knows.
    package init(id: UInt64, slot: Int, generation: UInt32, clientAddress: String, listenerAddress: String) {
        self.id = id
        place = UInt32(slot)
        self.generation = generation
        entrance = Entrance(address: listenerAddress)
        madePassage.clientAddress = clientAddress
    }

    /// The session's place in its loop's ``PerSession`` tables, reused after its end.
    @inlinable public final var slot: Int { Int(place) }

    /// The client's address.
    open var clientAddress: String { passage?.clientAddress ?? "" }

    /// The address that the client connected to.
    public final var listenerAddress: String { entrance.address }

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
