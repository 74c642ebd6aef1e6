/// What the proxied sessions of one loop have done since the start; changed on its thread only, copied to whoever asks.
struct SessionCounters: BitwiseCopyable, Sendable {
    /// Clients that were taken in.
    var created = 0
    /// Of these, those that broke off or broke the protocol, or fell silent for too long.
    var aborted = 0
    /// Commands of clients, COM_QUIT among them.
    var commands = 0
    private(set) var clientBytesReceived = 0
    private(set) var clientBytesSent = 0
    /// Bytes of servers that sessions are connected to themselves; nothing of one inside the process.
    private(set) var serverBytesReceived = 0
    private(set) var serverBytesSent = 0

    mutating func received(_ count: Int, isClient: Bool, isServedLocally: Bool) {
        if isClient {
            clientBytesReceived &+= count
        } else if !isServedLocally {
            serverBytesReceived &+= count
        }
    }

    mutating func sent(_ count: Int, isClient: Bool, isServedLocally: Bool) {
        if isClient {
            clientBytesSent &+= count
        } else if !isServedLocally {
            serverBytesSent &+= count
        }
    }

    /// Adds the other loop's.
    mutating func add(_ other: Self) {
        created += other.created
        aborted += other.aborted
        commands += other.commands
        clientBytesReceived += other.clientBytesReceived
        clientBytesSent += other.clientBytesSent
        serverBytesReceived += other.serverBytesReceived
        serverBytesSent += other.serverBytesSent
    }
}
