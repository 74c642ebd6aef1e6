internal import Glibc
public import Pooling

/// An event loop over the system's sockets; its subclasses are the two ways to hear of them, epoll and io_uring.
///
/// Invariant of the unchecked sendability: other threads touch the mailbox only, by ``execute(_:)`` and ``stop()``;
/// all else belongs to the thread in ``run()``, and before that and after it to the one thread that holds the loop.
public class SocketLoop: EventLoop, @unchecked Sendable {
    /// Told when accepting pauses for want of descriptors or memory: once an episode, on the loop's thread.
    public final var onAcceptPaused: ((SystemError) -> Void)?

    let mailbox: Mailbox
    /// The memory that streams are read into, one after the other.
    let scratch: UnsafeMutableRawBufferPointer
    private var deadlines = Deadlines()
    /// Jobs for the next turn, and those of the present one.
    private var jobs: [() -> Void] = []
    private var jobsNow: [() -> Void] = []
    /// Until when the loop looks for events without sleeping.
    private var awakeUntil: MonotonicTime?
    private var done = LoopWork()
    /// Whether the last turn made do without a call.
    private var hasSparedCall = false

    /// Every open stream.
    private var streams = StreamTable<SocketStream>()
    /// Streams closed in this turn, kept alive because events fetched already may still point to them.
    private var graveyard: [SocketStream] = []
    /// Streams that have something to do without a new event.
    private var ready: [SocketStream] = []
    private var readyNow: [SocketStream] = []

    var acceptors: [Acceptor] = []
    var acceptPause = AcceptPause()
    /// Connections waiting for the same name, so that one lookup serves them all.
    var lookups: [Endpoint: [ConnectAttempt]] = [:]
    /// What the resolver has said lately; one entry a backend's name.
    var knownNames: [Endpoint: KnownName] = [:]
    /// The handler of streams that have none yet.
    let nobody = StreamHandler()

    /// The least size of ``scratch``, in bytes.
    static let leastScratch = 4096

    init(index: Int, mailbox: Mailbox, scratchBytes: Int) {
        self.mailbox = mailbox
        scratch = .allocate(byteCount: max(scratchBytes, Self.leastScratch), alignment: 64)
        super.init(index: index, now: Self.readClock())
    }

    deinit {
        deadlines.removeAll()
        scratch.deallocate()
    }

    /// Closes every stream; for the subclasses' deinit, while what streams are registered with is still open.
    func releaseStreams() {
        for stream in streams.all { stream.release() }
        streams.removeAll()
    }

    // MARK: What the subclasses differ in

    /// The way of this loop to hear of its sockets.
    public var backend: IOBackend { fatalErrorOfAbstractClass() }

    /// Waits for events, so long at most (nil for ever), and fetches them; returns how many.
    func wait(atMost span: TimeSpan?) -> Int { fatalErrorOfAbstractClass() }

    /// Handles the events fetched; returns whether there is mail.
    func handleEvents() -> Bool { fatalErrorOfAbstractClass() }

    /// Tells of the listener's connections by ``accept(from:)``.
    func watch(_ acceptor: Acceptor) { fatalErrorOfAbstractClass() }

    /// Tells of them no more.
    func unwatch(_ acceptor: Acceptor) { fatalErrorOfAbstractClass() }

    /// A stream that is to be connected.
    func stream(connecting handler: StreamHandler, tag: UInt8) -> SocketStream { fatalErrorOfAbstractClass() }

    /// A stream just accepted.
    func stream(accepted descriptor: Int32, from peer: SocketAddress) -> SocketStream { fatalErrorOfAbstractClass() }

    /// A stream that another loop has had.
    func stream(
        adopting descriptor: Int32, peer: SocketAddress?, handler: StreamHandler, tag: UInt8
    ) -> SocketStream { fatalErrorOfAbstractClass() }

    /// Told on the loop's thread before the first turn and after the last one.
    func begin() {}

    /// See ``begin()``.
    func end() {}

    // MARK: The contract

    public override var streamCount: Int { streams.all.count }

    public override var work: LoopWork { done }

    /// Host names that the resolver is busy with.
    package var namesBeingLookedUp: Int { lookups.count }

    /// Timers that are queued.
    package var queuedDeadlines: Int { deadlines.count }

    public override func setDeadline(_ deadline: MonotonicTime?, for handler: StreamHandler) {
        deadlines.set(deadline, for: handler)
    }

    public override func schedule(at time: MonotonicTime, _ job: @escaping () -> Void) {
        guard time > now else { return jobs.append(job) }
        deadlines.set(time, for: ScheduledJob(job))
    }

    public override func execute(_ job: @escaping @Sendable () -> Void) { mailbox.post(job) }

    public override func stayAwake(for time: TimeSpan) { awakeUntil = now + time }

    public override func stop() { mailbox.stop() }

    public override func run() {
        now = Self.readClock()
        begin()
        while !mailbox.takeStop() { turn() }
        end()
    }

    public override func accept(from listener: ListeningSocket, accepted: @escaping (ByteStream) -> StreamHandler?) {
        add(Acceptor(listener: listener, accepted: accepted))
    }

    public override func stopAccepting() { removeAcceptors() }

    public override func connect(
        to endpoint: Endpoint, timeout: TimeSpan, handler: StreamHandler, tag: UInt8
    ) -> ByteStream {
        let stream = stream(connecting: handler, tag: tag)
        start(stream, to: endpoint, timeout: timeout)
        return stream
    }

    public override func detach(_ stream: ByteStream) -> (any DetachedStream)? { release(stream) }

    public override func adopt(
        _ stream: any DetachedStream, handler: StreamHandler, tag: UInt8
    ) -> ByteStream? {
        takeIn(stream, handler: handler, tag: tag)
    }

    // MARK: A turn

    private func turn() {
        let border = deadlines.border
        let count = poll()
        now = Self.readClock()
        done.turns &+= 1
        done.events &+= UInt64(count)
        swap(&ready, &readyNow)
        swap(&jobs, &jobsNow)
        let hasMail = handleEvents()
        if !readyNow.isEmpty { continueReady() }
        if !jobsNow.isEmpty { runJobs() }
        if let earliest = deadlines.earliest, earliest <= now { runDeadlines(before: border) }
        if hasMail { for job in mailbox.take() { job() } }
        if !graveyard.isEmpty { bury() }
    }

    /// Waits for events; awake, it looks for them again and again until there are some or its time is over.
    private func poll() -> Int {
        if let end = awakeUntil {
            awakeUntil = nil
            while Self.readClock() < end {
                let count = wait(atMost: .zero)
                guard count == 0 else { return count }
                sched_yield()
            }
        }
        return wait(atMost: timeout())
    }

    /// Whether this turn makes do without a call: work left over from the last one is done first, without a look at what is
    /// new; never twice in a row.
    final func sparesCall(hasWork: Bool) -> Bool {
        hasSparedCall = hasWork && !hasSparedCall
        return hasSparedCall
    }

    private func continueReady() {
        for stream in readyNow { stream.continueTurn() }
        readyNow.removeAll(keepingCapacity: true)
    }

    private func runJobs() {
        for job in jobsNow { job() }
        jobsNow.removeAll(keepingCapacity: jobsNow.count < 1024)
    }

    private func runDeadlines(before border: UInt64) {
        while let handler = deadlines.next(at: now, before: border) { handler.deadlinePassed(now) }
    }

    /// The time until the next timer; nil for none.
    private func timeout() -> TimeSpan? {
        guard ready.isEmpty, jobs.isEmpty else { return .milliseconds(0) }
        return deadlines.earliest?.since(now)
    }

    /// Frees the turn's dead, whose descriptors may be what accepting waits for.
    private func bury() {
        graveyard.removeAll(keepingCapacity: graveyard.count < 1024)
        if acceptPause.isPaused { resumeAccepting() }
    }

    private static func readClock() -> MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }

    // MARK: The streams' side

    /// Keeps the stream alive until ``forget(_:)``.
    func keep(_ stream: SocketStream) { streams.insert(stream) }

    /// Lets go of a stream just closed, at the end of the turn.
    func forget(_ stream: SocketStream) {
        // First of all: the table may hold the only reference to it.
        bury(stream)
        streams.remove(stream)
    }

    /// Keeps a closed stream alive up to the end of the turn.
    final func bury(_ stream: SocketStream) { graveyard.append(stream) }

    /// Gives the stream a call in the next turn.
    func enqueue(_ stream: SocketStream) { ready.append(stream) }
}
