/// The bytes that a loop's streams send together at the end of a turn, one run a stream.
///
/// Invariant: `memory` is the owner's until ``free()``; runs lie below `used`, and stay in place until ``clear()``.
struct Outbox {
    private let memory: UnsafeMutableRawBufferPointer
    private var used = 0
    /// Streams with a run here, or that had one in this turn; not retained for each send, since every query has two.
    ///
    /// Invariant: open ones are kept by their loop, closed ones here.
    private var senders: [Unmanaged<RingStream>] = []
    private var closedSenders: [RingStream] = []

    /// More than this costs more to copy than a call of its own.
    static let largestPiece = 8 * 1024
    /// A stream's run is sent early rather than grow beyond this.
    static let largestRun = 32 * 1024

    init(capacity: Int) { memory = .allocate(byteCount: capacity, alignment: 64) }

    func free() { memory.deallocate() }

    /// Where the bytes of one stream are; small, as every stream has one.
    struct Run {
        private var (first, size): (UInt32, UInt32) = (0, 0)

        var start: Int {
            get { Int(first) }
            set { first = UInt32(newValue) }
        }

        var count: Int {
            get { Int(size) }
            set { size = UInt32(newValue) }
        }
    }

    /// The run's bytes; valid until ``clear()``.
    func bytes(of run: Run) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[run.start..<run.start + run.count])
    }

    /// Appends to a run, which may move; false, and unchanged, where there is no room.
    mutating func append(_ bytes: UnsafeRawBufferPointer, to run: inout Run) -> Bool {
        let isLast = run.count > 0 && run.start + run.count == used
        let moved = isLast ? 0 : run.count
        guard run.count + bytes.count <= Self.largestRun, moved + bytes.count <= memory.count - used else {
            return false
        }
        if !isLast {
            let old = self.bytes(of: run)
            run.start = used
            put(old)
        }
        put(bytes)
        run.count += bytes.count
        return true
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: memory[used...]).copyMemory(from: bytes)
        used += bytes.count
    }

    /// Notes that the stream has a run.
    mutating func enter(_ stream: RingStream) { senders.append(.passUnretained(stream)) }

    /// Keeps a stream that was just closed, where it has entered.
    mutating func keep(_ stream: RingStream) {
        if stream.isSender { closedSenders.append(stream) }
    }

    var hasSenders: Bool { !senders.isEmpty }

    /// Calls `body` with each stream that has entered; none enters meanwhile.
    @inline(__always)
    func forEachSender(_ body: (RingStream) -> Void) {
        for index in senders.indices { senders[index]._withUnsafeGuaranteedRef(body) }
    }

    /// Forgets all runs, whose bytes the system has taken.
    mutating func clear() {
        used = 0
        senders.removeAll(keepingCapacity: true)
        if !closedSenders.isEmpty { closedSenders = [] }
    }
}
