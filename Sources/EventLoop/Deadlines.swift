internal import Pooling

/// The timers of one loop: a lazy heap, in which a deadline moved later leaves its early entry to be looked at again.
///
/// Every handler knows its place, so that nothing stale stays behind. Whoever owns the value calls ``removeAll()`` in the
/// end: entries hold their handlers by hand, since sifting would count references otherwise.
struct Deadlines {
    private var heap: [Entry] = []
    private var nextSerial: UInt64 = 0

    private struct Entry {
        /// When the handler is looked at: at its deadline or before.
        let time: MonotonicTime
        let serial: UInt64
        let handler: Unmanaged<StreamHandler>

        static func < (left: Self, right: Self) -> Bool {
            left.time == right.time ? left.serial < right.serial : left.time < right.time
        }
    }

    /// Handlers with a deadline.
    var count: Int { heap.count }

    /// The earliest time at which something may be due.
    var earliest: MonotonicTime? { heap.first?.time }

    /// The serial number that the next entry will have: entries from there on belong to the next turn.
    var border: UInt64 { nextSerial }

    /// Sets, moves or clears the handler's deadline; the handler is kept alive as long as it has one.
    mutating func set(_ deadline: MonotonicTime?, for handler: StreamHandler) {
        handler.deadline = deadline
        let place = handler.timerPlace
        // The end of time is no deadline.
        guard let deadline = handler.deadline else {
            if place != StreamHandler.noTimer { remove(at: Int(place)).release() }
            return
        }
        guard place != StreamHandler.noTimer else {
            heap.append(entry(deadline, Unmanaged.passRetained(handler)))
            return siftUp(from: heap.count - 1)
        }
        guard deadline < heap[Int(place)].time else { return }
        heap[Int(place)] = entry(deadline, heap[Int(place)].handler)
        siftUp(from: Int(place))
    }

    /// Takes out whose deadline has come at `now`, of those queued before `border`, one at a time; nil when none is left.
    mutating func next(at now: MonotonicTime, before border: UInt64) -> StreamHandler? {
        while let first = heap.first, first.time <= now, first.serial < border {
            let deadline = first.handler._withUnsafeGuaranteedRef { $0.deadline } ?? now
            guard deadline > now else {
                let handler = remove(at: 0).takeRetainedValue()
                handler.deadline = nil
                return handler
            }
            heap[0] = entry(deadline, first.handler)
            siftDown(from: 0)
        }
        return nil
    }

    /// Lets go of all handlers.
    mutating func removeAll() {
        let entries = heap
        heap = []
        for entry in entries {
            entry.handler._withUnsafeGuaranteedRef { $0.timerPlace = StreamHandler.noTimer }
            entry.handler.release()
        }
    }

    private mutating func entry(_ time: MonotonicTime, _ handler: Unmanaged<StreamHandler>) -> Entry {
        defer { nextSerial += 1 }
        return Entry(time: time, serial: nextSerial, handler: handler)
    }

    // MARK: The heap

    /// Takes an entry out; its reference is the caller's now.
    private mutating func remove(at place: Int) -> Unmanaged<StreamHandler> {
        let removed = heap[place]
        let last = heap.removeLast()
        if place < heap.count {
            heap[place] = last
            siftDown(from: place)
            siftUp(from: place)
        }
        removed.handler._withUnsafeGuaranteedRef { $0.timerPlace = StreamHandler.noTimer }
        return removed.handler
    }

    /// Moves the entry up to where it belongs; it knows its place then.
    private mutating func siftUp(from start: Int) {
        var place = start
        let entry = heap[place]
        while place > 0 {
            let parent = (place - 1) / 2
            guard entry < heap[parent] else { break }
            put(heap[parent], at: place)
            place = parent
        }
        put(entry, at: place)
    }

    /// Moves the entry down to where it belongs; it knows its place then.
    private mutating func siftDown(from start: Int) {
        var place = start
        let entry = heap[place]
        while 2 * place + 1 < heap.count {
            var child = 2 * place + 1
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < entry else { break }
            put(heap[child], at: place)
            place = child
        }
        put(entry, at: place)
    }

    private mutating func put(_ entry: Entry, at place: Int) {
        heap[place] = entry
        entry.handler._withUnsafeGuaranteedRef { $0.timerPlace = UInt32(truncatingIfNeeded: place) }
    }
}

/// A job for a later time, as one more handler with a deadline.
final class ScheduledJob: StreamHandler {
    private let job: () -> Void

    init(_ job: @escaping () -> Void) { self.job = job }

    override func deadlinePassed(_ now: MonotonicTime) { job() }
}
