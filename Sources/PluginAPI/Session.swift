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

    /// Asks the hook that answered `hold` once more, in a later turn of the loop.
    open func resume() {}

    /// Closes the session after the answer that is under way.
    open func closeAfterResult() {}
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
