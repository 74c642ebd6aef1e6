public import EventLoop
public import Pooling

/// An event loop on a virtual clock: streams are pairs in memory, and everything that a network leaves open is drawn
/// from a seeded generator: how bytes are torn, how long they take, how much a socket holds.
///
/// It honours the contract of ``EventLoop/EventLoop`` to the letter, so that what runs on it runs on the poller's loop.
public final class SimulatedLoop: EventLoop {
    /// What becomes of an attempt to connect.
    public enum Reception {
        /// It succeeds.
        case accepted
        /// It fails with this errno.
        case refused(errno: Int32)
        /// Nobody answers, until the caller's timeout.
        case silence
    }

    /// The source of everything that is left to chance.
    public var random: SplitMix64
    /// Told of every piece before it enters a socket; a planted fault may change it.
    public var tamper: ((_ piece: inout [UInt8], _ stream: SimulatedStream) -> Void)?
    /// Whose streams count for ``peakBytes``.
    public var isWatched: (StreamHandler) -> Bool = { _ in true }
    /// The most bytes that a watched handler's stream ever had pending or held.
    public internal(set) var peakBytes = 0

    private struct Listener {
        let reception: () -> Reception
        let accepted: (SimulatedStream) -> StreamHandler?
    }

    private var agenda = Agenda()
    /// The handlers with a deadline, kept alive as the contract says.
    private var timed: [ObjectIdentifier: StreamHandler] = [:]
    /// When the jobs that look after deadlines run, by the places that handlers have.
    private var timers: [UInt32: MonotonicTime] = [:]
    private var nextTimer: UInt32 = 0
    private var listeners: [Endpoint: Listener] = [:]
    var open: [ObjectIdentifier: SimulatedStream] = [:]

    /// A loop at the beginning of its time.
    public init(index: Int = 0, seed: UInt64) {
        random = SplitMix64(seed: seed)
        super.init(index: index, now: MonotonicTime(nanoseconds: 1_000_000_000))
    }

    // MARK: The contract

    public override var streamCount: Int { open.count }

    public override func schedule(at time: MonotonicTime, _ job: @escaping () -> Void) {
        agenda.add(at: max(time, now), job)
    }

    public override func execute(_ job: @escaping @Sendable () -> Void) { schedule(at: now, job) }

    public override func setDeadline(_ deadline: MonotonicTime?, for handler: StreamHandler) {
        handler.deadline = deadline
        timed[ObjectIdentifier(handler)] = deadline == nil ? nil : handler
        guard let deadline else { return }
        if let queued = timers[handler.timerPlace], queued <= deadline { return }
        let place = nextTimer
        nextTimer += 1
        timers[place] = deadline
        handler.timerPlace = place
        schedule(at: deadline) { [weak self, weak handler] in
            self?.timers[place] = nil
            if let self, let handler { deadlineDue(place, handler) }
        }
    }

    private func deadlineDue(_ place: UInt32, _ handler: StreamHandler) {
        guard handler.timerPlace == place else { return }
        handler.timerPlace = StreamHandler.noTimer
        guard let deadline = handler.deadline else { return }
        guard deadline <= now else { return setDeadline(deadline, for: handler) }
        handler.deadline = nil
        timed[ObjectIdentifier(handler)] = nil
        handler.deadlinePassed(now)
    }

    public override func connect(
        to endpoint: Endpoint, timeout: TimeSpan, handler: StreamHandler, tag: UInt8
    ) -> ByteStream {
        let stream = SimulatedStream(loop: self, handler: handler, tag: tag, local: "ephemeral", peer: "\(endpoint)")
        switch listeners[endpoint]?.reception() ?? .refused(errno: 111) {
        case .accepted: schedule(at: now + latency()) { [weak self] in self?.establish(stream, endpoint) }
        case .refused(let code):
            schedule(at: now + latency()) { stream.failConnecting(.failed(errno: code)) }
        case .silence: schedule(at: now + timeout) { stream.failConnecting(.connectTimeout) }
        }
        return stream
    }

    private func establish(_ stream: SimulatedStream, _ endpoint: Endpoint) {
        guard stream.isConnecting, let listener = listeners[endpoint] else {
            return stream.failConnecting(.failed(errno: 111))
        }
        let nobody = StreamHandler()
        let other = SimulatedStream(loop: self, handler: nobody, tag: 0, local: "\(endpoint)", peer: "client")
        other.nobody = nobody
        stream.meet(other)
        if let handler = listener.accepted(other) {
            if !other.isClosing { other.handler = handler }
        } else {
            other.close()
        }
        stream.connectionMade()
    }

    public override func stopAccepting() { listeners = [:] }

    /// Takes connections to `endpoint`; `accepted` makes the handler of each, or nil to close it at once.
    public func listen(
        on endpoint: Endpoint, reception: @escaping () -> Reception = { .accepted },
        accepted: @escaping (SimulatedStream) -> StreamHandler?
    ) {
        listeners[endpoint] = Listener(reception: reception, accepted: accepted)
    }

    // MARK: Time

    /// Performs what is due next.
    ///
    /// - Returns: whether there was anything.
    public func turn() -> Bool {
        guard let next = agenda.removeFirst() else { return false }
        now = max(now, next.time)
        next.job()
        return true
    }

    /// Lets so much time pass, or less if it is done before or nothing is left to do.
    public func settle(_ time: TimeSpan, until isDone: () -> Bool) {
        let limit = now + time
        schedule(at: limit) {}
        while now < limit, !isDone(), turn() {}
    }

    /// How long a piece takes: mostly no time or little, sometimes much.
    func latency() -> TimeSpan {
        switch random.below(20) {
        case 0..<10: .zero
        case 10..<19: TimeSpan(nanoseconds: UInt64(random.below(200_000)))
        default: .milliseconds(UInt64(random.below(20)))
        }
    }
}

/// What is to be done when: a binary heap, first in first out at the same time.
private struct Agenda {
    struct Entry {
        let time: MonotonicTime
        let serial: UInt64
        let job: () -> Void

        func isBefore(_ other: Entry) -> Bool {
            time == other.time ? serial < other.serial : time < other.time
        }
    }

    private var heap: [Entry] = []
    private var serial: UInt64 = 0

    mutating func add(at time: MonotonicTime, _ job: @escaping () -> Void) {
        serial += 1
        heap.append(Entry(time: time, serial: serial, job: job))
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() -> Entry? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            guard least != parent else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
