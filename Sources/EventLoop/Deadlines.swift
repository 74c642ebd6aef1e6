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

    /// Weak, for a handler may die long before the deadline it had.
    private enum Target {
        case none
        case handler(WeakHandler)
        case job(() -> Void)
    }

    private struct WeakHandler {
        weak var handler: StreamHandler?
    }

    /// The earliest time at which something may be due.
    var earliest: MonotonicTime? { heap.min?.time }

    /// Sets, moves or clears the handler's deadline.
    mutating func set(_ deadline: MonotonicTime?, for handler: StreamHandler) {
        handler.deadline = deadline
        guard let deadline else { return }
        if let queued = handler.queuedDeadline, queued <= deadline { return }
        handler.queuedDeadline = deadline
        push(deadline, .handler(WeakHandler(handler: handler)))
    }

    /// Adds a job for `time`.
    mutating func schedule(at time: MonotonicTime, _ job: @escaping () -> Void) {
        push(time, .job(job))
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
            case .none: continue
            case .job(let job): return .job(job)
            case .handler(let reference):
                guard let handler = reference.handler, handler.queuedDeadline == first.time else { continue }
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

    private mutating func push(_ time: MonotonicTime, _ target: Target) {
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
    }
}
