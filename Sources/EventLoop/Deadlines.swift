internal import HeapModule
internal import Pooling

/// The timers of one loop: a lazy heap, in which a deadline moved later leaves its early entry to be looked at again.
///
/// The heap's entries are plain numbers, so that sifting moves no references; whom they concern stands in `slots`.
struct Deadlines {
    private var heap = Heap<Entry>()
    private var slots: [Target] = []
    private var freeSlots: [Int] = []
    private var nextSerial: UInt64 = 0

    private struct Entry: BitwiseCopyable, Comparable {
        let time: MonotonicTime
        let serial: UInt64
        let slot: Int

        static func < (left: Self, right: Self) -> Bool {
            left.time == right.time ? left.serial < right.serial : left.time < right.time
        }
    }

    /// `none` is what is left of a deadline that was cleared, or queued earlier than it was before.
    private enum Target {
        case none
        case handler(StreamHandler)
        case job(() -> Void)
    }

    /// Entries whose target is `none`.
    private var stale = 0
    /// Fewer stale entries are not worth a cleaning.
    private static let staleAllowance = 1024

    /// Entries in the heap, stale ones among them.
    var count: Int { heap.count }

    /// The earliest time at which something may be due.
    var earliest: MonotonicTime? { heap.min?.time }

    /// Sets, moves or clears the handler's deadline; the handler is kept alive as long as it has one.
    mutating func set(_ deadline: MonotonicTime?, for handler: StreamHandler) {
        handler.deadline = deadline
        if let deadline, let queued = handler.queuedDeadline, queued <= deadline { return }
        if handler.queuedDeadline != nil { discard(handler) }
        guard let deadline else { return clean() }
        handler.queuedDeadline = deadline
        handler.deadlineSlot = push(deadline, .handler(handler))
    }

    private mutating func discard(_ handler: StreamHandler) {
        slots[handler.deadlineSlot] = .none
        handler.queuedDeadline = nil
        stale += 1
    }

    /// Takes stale entries out once they outnumber the others: deadlines of hours would keep those of dead handlers for
    /// hours.
    private mutating func clean() {
        guard stale > Self.staleAllowance, stale > heap.count / 2 else { return }
        var live: [Entry] = []
        for entry in heap.unordered {
            if case .none = slots[entry.slot] { freeSlots.append(entry.slot) } else { live.append(entry) }
        }
        heap = Heap(live)
        stale = 0
    }

    /// Adds a job for `time`.
    mutating func schedule(at time: MonotonicTime, _ job: @escaping () -> Void) {
        _ = push(time, .job(job))
    }

    /// The serial number that the next entry will have: entries from there on belong to the next turn.
    var border: UInt64 { nextSerial }

    /// Takes out what is due at `now` and was queued before `border`, one at a time; nil when nothing is left.
    mutating func next(at now: MonotonicTime, before border: UInt64) -> Due? {
        while let first = heap.min, first.time <= now, first.serial < border {
            heap.removeMin()
            let target = slots[first.slot]
            slots[first.slot] = .none
            freeSlots.append(first.slot)
            switch target {
            case .none: stale -= 1
            case .job(let job): return .job(job)
            case .handler(let handler):
                handler.queuedDeadline = nil
                guard let deadline = handler.deadline else { continue }
                guard deadline <= now else {
                    set(deadline, for: handler)
                    continue
                }
                handler.deadline = nil
                return .handler(handler)
            }
        }
        return nil
    }

    /// Something whose time has come.
    enum Due {
        case handler(StreamHandler)
        case job(() -> Void)
    }

    /// Queues the target and says in which slot it is.
    private mutating func push(_ time: MonotonicTime, _ target: Target) -> Int {
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            slots[slot] = target
        } else {
            slot = slots.count
            slots.append(target)
        }
        heap.insert(Entry(time: time, serial: nextSerial, slot: slot))
        nextSerial += 1
        return slot
    }
}
