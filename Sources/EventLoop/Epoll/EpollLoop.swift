internal import CLinux
internal import Glibc
public import Pooling

/// An event loop on epoll: every stream is registered once, edge-triggered, and costs no further epoll_ctl.
///
/// Invariant of the unchecked sendability: other threads touch the mailbox only, by ``execute(_:)`` and ``stop()``;
/// all else belongs to the thread in ``run()``, and before that and after it to the one thread that holds the loop.
public final class EpollLoop: EventLoop, @unchecked Sendable {
    /// Told when accepting pauses for want of descriptors or memory: once an episode, on the loop's thread.
    public var onAcceptPaused: ((SystemError) -> Void)?

    let poller: Int32
    let scratch: UnsafeMutableRawBufferPointer
    private let events: UnsafeMutableBufferPointer<epoll_event>
    private let mailbox: Mailbox
    private var clock = EpollLoop.readClock()
    private var deadlines = Deadlines()
    private var done = LoopWork()
    /// Until when the loop looks for events without sleeping.
    private var awakeUntil: MonotonicTime?

    /// Every open stream, which is thereby kept alive; a stream knows its place here.
    private var streams: [EpollStream] = []
    /// Streams closed in this turn, kept alive because events fetched already may still point to them.
    private var graveyard: [EpollStream] = []
    /// Streams that have something to do without a new event.
    private var ready: [EpollStream] = []
    private var readyNow: [EpollStream] = []

    var acceptors: [Acceptor] = []
    var acceptPause = AcceptPause()
    /// Connections waiting for the same name, so that one lookup serves them all.
    var lookups: [Endpoint: [ConnectAttempt]] = [:]
    /// What the resolver has said lately; one entry a backend's name.
    var knownNames: [Endpoint: KnownName] = [:]
    /// The handler of streams that have none yet.
    let nobody = StreamHandler()

    /// Opens a poller.
    ///
    /// - Parameter scratchBytes: the size of the memory that all streams of this loop receive into, one after the other.
    /// - Throws: the system's error, for instance where no file descriptors are left.
    public init(index: Int, scratchBytes: Int = 256 * 1024) throws(SystemError) {
        let mailbox = try Mailbox()
        let poller = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard poller >= 0 else { throw .last("epoll_create1") }
        let status = clinux_epoll_control(
            poller, EPOLL_CTL_ADD, mailbox.descriptor, EPOLLIN.rawValue | EPOLLET.rawValue, EventTarget.mailbox)
        guard status == 0 else {
            close(poller)
            throw SystemError(errno: status, call: "epoll_ctl")
        }
        self.poller = poller
        self.mailbox = mailbox
        scratch = .allocate(byteCount: max(scratchBytes, 4096), alignment: 64)
        events = .allocate(capacity: 256)
        super.init(index: index)
    }

    deinit {
        for stream in streams { stream.release() }
        for acceptor in acceptors { acceptor.unregister(from: poller) }
        close(poller)
        scratch.deallocate()
        events.deallocate()
    }

    // MARK: The contract

    public override var now: MonotonicTime { clock }

    public override var streamCount: Int { streams.count }

    public override var work: LoopWork { done }

    /// Host names that the resolver is busy with.
    package var namesBeingLookedUp: Int { lookups.count }

    /// Timers that are queued, cleared ones that have not been cleaned out among them.
    package var queuedDeadlines: Int { deadlines.count }

    public override func setDeadline(_ deadline: MonotonicTime?, for handler: StreamHandler) {
        deadlines.set(deadline, for: handler)
    }

    public override func schedule(at time: MonotonicTime, _ job: @escaping () -> Void) {
        deadlines.schedule(at: time, job)
    }

    public override func execute(_ job: @escaping @Sendable () -> Void) { mailbox.post(job) }

    public override func stayAwake(for time: TimeSpan) { awakeUntil = clock + time }

    public override func stop() { mailbox.stop() }

    public override func run() {
        clock = Self.readClock()
        while !mailbox.takeStop() { turn() }
    }

    public override func accept(from listener: ListeningSocket, accepted: @escaping (ByteStream) -> StreamHandler?) {
        add(Acceptor(listener: listener, accepted: accepted))
    }

    public override func stopAccepting() { removeAcceptors() }

    public override func connect(
        to endpoint: Endpoint, timeout: TimeSpan, handler: StreamHandler, tag: UInt8
    ) -> ByteStream {
        let stream = EpollStream(connecting: handler, tag: tag, loop: self)
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
        clock = Self.readClock()
        done.turns &+= 1
        done.events &+= UInt64(max(0, count))
        swap(&ready, &readyNow)
        var hasMail = false
        for index in 0..<max(0, Int(count)) {
            let event = events[index]
            if event.data.u64 == EventTarget.mailbox { hasMail = true } else { dispatch(event) }
        }
        for stream in readyNow { stream.continueTurn() }
        readyNow.removeAll(keepingCapacity: true)
        runDeadlines(before: border)
        if hasMail { for job in mailbox.take() { job() } }
        if !graveyard.isEmpty { bury() }
    }

    /// Waits for events; awake, it looks for them again and again until there are some or its time is over.
    private func poll() -> Int32 {
        if let end = awakeUntil {
            awakeUntil = nil
            while Self.readClock() < end {
                let count = epoll_wait(poller, events.baseAddress, Int32(events.count), 0)
                guard count == 0 else { return count }
                sched_yield()
            }
        }
        return epoll_wait(poller, events.baseAddress, Int32(events.count), timeout())
    }

    private func dispatch(_ event: epoll_event) {
        let address = event.data.u64
        if EventTarget.isAcceptor(address) {
            guard let acceptor = acceptors.first(where: { EventTarget.of($0) == address }) else { return }
            accept(from: acceptor)
        } else if let pointer = UnsafeRawPointer(bitPattern: UInt(address)) {
            // The stream is alive: `streams` or, had it been closed in this turn, `graveyard` holds it.
            Unmanaged<EpollStream>.fromOpaque(pointer)._withUnsafeGuaranteedRef { $0.handle(event.events) }
        }
    }

    private func runDeadlines(before border: UInt64) {
        while let due = deadlines.next(at: clock, before: border) {
            switch due {
            case .handler(let handler): handler.deadlinePassed(clock)
            case .job(let job): job()
            }
        }
    }

    /// Milliseconds until the next timer, rounded up; -1 for none.
    private func timeout() -> Int32 {
        guard ready.isEmpty else { return 0 }
        guard let earliest = deadlines.earliest else { return -1 }
        let wait = earliest.since(clock).nanoseconds
        return Int32(min(wait / 1_000_000 + (wait % 1_000_000 == 0 ? 0 : 1), 3_600_000))
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
    func keep(_ stream: EpollStream) {
        stream.place = streams.count
        streams.append(stream)
    }

    /// Lets go of a stream just closed, at the end of the turn.
    func forget(_ stream: EpollStream) {
        // First of all: the table may hold the only reference to it.
        graveyard.append(stream)
        let place = stream.place
        let last = streams.removeLast()
        if last !== stream {
            streams[place] = last
            last.place = place
        }
    }

    /// Gives the stream a call in the next turn.
    func enqueue(_ stream: EpollStream) { ready.append(stream) }
}

/// What an epoll event's 64 bits mean: 0 is the mailbox, an odd number an acceptor, else it is a stream's address.
enum EventTarget {
    static let mailbox: UInt64 = 0

    static func of(_ stream: EpollStream) -> UInt64 {
        UInt64(UInt(bitPattern: Unmanaged.passUnretained(stream).toOpaque()))
    }

    static func of(_ acceptor: Acceptor) -> UInt64 {
        UInt64(UInt(bitPattern: Unmanaged.passUnretained(acceptor).toOpaque())) | 1
    }

    static func isAcceptor(_ address: UInt64) -> Bool { address & 1 == 1 }
}
