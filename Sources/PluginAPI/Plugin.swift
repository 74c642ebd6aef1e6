public import Pooling
public import SQLText
public import Streams

/// A plugin: one value a process, made from its options when it is named by `--plugins`.
///
/// Three lifetimes, three types: the plugin lives as long as the process, its worker as long as an event loop,
/// and ``PerSession`` values as long as a client's session.
public protocol Plugin: AnyObject, Sendable {
    /// The plugin's options; the chassis wants `ParsableArguments` of swift-argument-parser.
    associatedtype Options

    /// The word that loads the plugin, for instance `proxy`.
    static var name: String { get }

    /// One sentence on what the plugin does, for `--help`.
    static var summary: String { get }

    /// Makes the plugin; opens nothing yet.
    ///
    /// - Throws: an error whose description tells the user which option is wrong and what to do.
    init(options: Options, host: any PluginHost) throws

    /// Asks the host for listeners and backends; called in the order of `--plugins`, after every plugin was made.
    ///
    /// - Throws: an error whose description tells the user what to do.
    func start() throws

    /// Every plugin has started, and said what it offers; the process has its final user, and no loop runs yet.
    ///
    /// - Throws: an error whose description tells the user what to do.
    func allStarted() throws

    /// Makes the plugin's part for one event loop, on that loop's thread; nil where it has no hooks.
    func makeWorker(on loop: any LoopContext) -> (any PluginWorker)?

    /// The process got a SIGHUP: files are read again; called on a thread that may wait for them.
    func hangUp()

    /// The process got a SIGUSR1: the plugin's numbers are to be logged; called on a thread that is no event loop's.
    ///
    /// - Parameter completion: to be called once, at once or within two seconds, from any thread: with one
    ///   JSON value on one line, or with nil where the plugin has nothing to tell.
    func report(_ completion: @escaping @Sendable (String?) -> Void)

    /// Lets go of what the plugin holds outside of loops; called once, after the last session has ended.
    func stop()
}

extension Plugin {
    /// Nothing is left to do.
    public func allStarted() throws {}

    /// Nothing is read again.
    public func hangUp() {}

    /// There is nothing to tell.
    public func report(_ completion: @escaping @Sendable (String?) -> Void) { completion(nil) }
}

/// A plugin's part for one event loop; conforming to a phase's hook protocol is the subscription to that phase.
///
/// A worker is used on its loop's thread only and needs no locks.
public protocol PluginWorker: AnyObject {}

/// What the chassis does for plugins.
public protocol PluginHost: AnyObject, Sendable {
    /// The backends of the process.
    var backends: BackendSet { get }

    /// How many event loops the process has.
    var loopCount: Int { get }

    /// What the administrator may see and change; plugins add to it.
    var administration: Administration { get }

    /// Asks for a listening endpoint; all are opened together, after the last plugin has started.
    func listen(on endpoint: Endpoint, for service: Service)

    /// Offers a server inside this process as the backend for who has none configured.
    func offerBackend(_ endpoint: Endpoint)

    /// The backend that some plugin has offered, once every plugin was made.
    var offeredBackend: Endpoint? { get }

    /// Ends the process in an orderly way, as SIGTERM does: sessions are drained first; asking again changes nothing.
    func requestShutdown()

    /// Says that this plugin serves the sessions of proxying listeners itself, by ``ConnectVerdict/serve(_:)``: no other
    /// one needs to choose their backend.
    func serveSessions()

    /// Whether some plugin serves sessions itself, once every plugin was made.
    var servesSessions: Bool { get }

    /// Where scripts find the modules that they require.
    var scriptPaths: ScriptPaths { get }

    /// Writes a line to the log; the text is only made where the level is logged.
    func log(_ level: LogLevel, _ message: @autoclosure () -> String)
}

extension PluginHost {
    /// One.
    public var loopCount: Int { 1 }

    /// Nobody asks.
    public func serveSessions() {}

    /// No.
    public var servesSessions: Bool { false }
}

/// How important a log line is; the words of `--log-level`, from most to least important.
public enum LogLevel: UInt8, BitwiseCopyable, CaseIterable, Sendable {
    /// The process can't go on.
    case error
    /// Something is broken and wants an operator.
    case critical
    /// Something is odd, the service goes on.
    case warning
    /// A notable event of normal operation.
    case message
    /// A detail of normal operation.
    case info
    /// Everything.
    case debug
}

/// What a listening endpoint is for.
public enum Service: Sendable {
    /// Clients that are walked through the phases to a backend.
    ///
    /// `loginTimeout` bounds the time from the connect to the end of the login; the others are waits for one side's next byte.
    case proxy(ProxyTimeouts)
    /// Clients of a server inside this process; who isn't logged in after `loginTimeout` is closed.
    case server(any ServerSessionFactory, loginTimeout: TimeSpan = .seconds(10))
}

/// The waits of a proxied session.
public struct ProxyTimeouts: BitwiseCopyable, Equatable, Sendable {
    /// For one attempt to connect to a backend.
    public var connect: TimeSpan
    /// From a client's connect to the end of its login.
    public var login: TimeSpan
    /// For the next byte of the client or the backend, whoever's turn it is.
    public var read: TimeSpan
    /// For a peer to take the bytes that are pending for it.
    public var write: TimeSpan

    /// The given waits.
    public init(connect: TimeSpan, login: TimeSpan, read: TimeSpan, write: TimeSpan) {
        self.connect = connect
        self.login = login
        self.read = read
        self.write = write
    }
}

/// What an event loop does for a worker.
public protocol LoopContext: AnyObject {
    /// The loop's number, from 0; work that needs doing once a process belongs on loop 0.
    var index: Int { get }

    /// The time of the loop's present turn.
    var now: MonotonicTime { get }

    /// How many connections to the backend are parked on this loop for the user; 0 for an unknown one, those of all users
    /// for the empty name.
    func parkedConnections(to backend: Backend, user: [UInt8]) -> Int

    /// Runs `job` once, at `time` or soon after, on this loop's thread.
    func schedule(at time: MonotonicTime, _ job: @escaping () -> Void)

    /// Starts to connect; the handler hears `connected` or `ended` later, never before this returns.
    func connect(to endpoint: Endpoint, timeout: TimeSpan, handler: StreamHandler, tag: UInt8) -> ByteStream

    /// Sets, moves or clears the handler's one deadline; moving it later costs nothing.
    func setDeadline(_ deadline: MonotonicTime?, for handler: StreamHandler)

    /// Takes a quiet stream out of the loop, for ``adopt(_:handler:tag:)`` of another one; nil where it isn't quiet.
    func detach(_ stream: ByteStream) -> (any DetachedStream)?

    /// Takes in a stream that another loop has detached; nil where the system refuses, and the stream is closed.
    func adopt(_ stream: any DetachedStream, handler: StreamHandler, tag: UInt8) -> ByteStream?

    /// The text that the loop's plugins have in work one after the other.
    var textInWork: TextInWork { get }

    /// The way to the loop's thread from other ones.
    var mailbox: any LoopMailbox { get }

    /// Tries to connect and closes again; `completion` hears on this loop's thread whether the endpoint took the connection.
    func probe(_ endpoint: Endpoint, timeout: TimeSpan, _ completion: @escaping (Bool) -> Void)
}

extension LoopContext {
    /// One that nobody else has.
    public var textInWork: TextInWork { TextInWork() }
}

/// Takes jobs from other threads for a loop's thread.
public protocol LoopMailbox: AnyObject, Sendable {
    /// Runs `job` on the loop's thread in a later turn, after those posted before.
    func post(_ job: @escaping @Sendable () -> Void)
}
