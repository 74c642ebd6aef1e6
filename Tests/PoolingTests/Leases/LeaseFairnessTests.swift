import Pooling
import TestSupport
import Testing

/// Clients of some users that send one statement after the other, on a virtual clock.
private final class ClosedLoop {
    struct Crowd {
        let clients: Int
        /// The longest statement, in microseconds.
        let longest: Int
    }

    private enum Event {
        case opened(ConnectionID)
        case closed(ConnectionID)
        case answered(ConnectionID, session: Int, used: TimeSpan)
    }

    private let crowds: [Crowd]
    private var book: LeaseBook
    private var random = SplitMix64(seed: 7)
    private var now = MonotonicTime(nanoseconds: 0)
    private var events: [(time: MonotonicTime, event: Event)] = []
    private var users: [Int] = []
    private var steps: [LeaseStep] = []
    private var ticket: UInt64 = 0
    /// Backend time had, by user, in seconds.
    private(set) var used: [Double]
    private(set) var connects = 0

    init(_ queue: QueueDiscipline, backends: Int, _ crowds: [Crowd]) {
        var policy = LeasePolicy()
        policy.maximum = backends
        policy.queue = queue
        self.crowds = crowds
        book = LeaseBook(policy: policy, loops: 2, seed: 1)
        used = crowds.map { _ in 0 }
        for (user, crowd) in crowds.enumerated() { users += Array(repeating: user, count: crowd.clients) }
    }

    func run(for span: TimeSpan) {
        for session in users.indices { ask(session) }
        let end = now + span
        while now < end, let next = events.indices.min(by: { events[$0].time < events[$1].time }) {
            let (time, event) = events.remove(at: next)
            now = time
            happen(event)
        }
    }

    private func happen(_ event: Event) {
        switch event {
        case .opened(let id): book.opened(id, now: now, &steps)
        case .closed(let id): book.closed(id, now: now, &steps)
        case .answered(let id, let session, let span):
            used[users[session]] += span.seconds
            book.returned(id, used: span, now: now, &steps)
            perform()
            ask(session)
        }
        perform()
    }

    private func ask(_ session: Int) {
        ticket += 1
        let request = LeaseRequest(
            session: SessionID(UInt64(session)), user: UserID(users[session]), loop: LoopID(session % 2),
            ticket: ticket, arrived: now)
        book.requested(request, now: now, &steps)
        perform()
    }

    private func perform() {
        for step in steps {
            switch step {
            case .open(let id, _, _):
                connects += 1
                events.append((now + .milliseconds(2), .opened(id)))
            case .close(let id, _, _): events.append((now + .milliseconds(1), .closed(id)))
            case .grant(let grant):
                let session = Int(grant.session.number)
                let longest = crowds[users[session]].longest
                let span = TimeSpan(nanoseconds: UInt64(1 + random.below(longest)) * 1000)
                events.append((now + span, .answered(grant.connection, session: session, used: span)))
            case .ping, .refuse: break
            }
        }
        steps.removeAll(keepingCapacity: true)
    }
}

@Suite("Leases: fair shares")
struct LeaseFairnessTests {
    /// The user's part of all backend time in ten seconds.
    private func share(of user: Int, _ queue: QueueDiscipline, backends: Int, _ crowds: [ClosedLoop.Crowd]) -> Double {
        let loop = ClosedLoop(queue, backends: backends, crowds)
        loop.run(for: .seconds(10))
        return loop.used[user] / loop.used.reduce(0, +)
    }

    @Test("490 and 10 clients on 2 backends get equal time, whose statements are longer or not")
    func twoUsers() {
        for longest in [200, 2000, 20_000] {
            let part = share(
                of: 1, .fair, backends: 2,
                [.init(clients: 490, longest: 2000), .init(clients: 10, longest: longest)])
            #expect(abs(part - 0.5) < 0.02, "statements up to \(longest) µs: \(part)")
        }
    }

    @Test("first come, first served gives the crowd what it asks for")
    func fifo() {
        let part = share(
            of: 1, .fifo, backends: 2, [.init(clients: 490, longest: 2000), .init(clients: 10, longest: 2000)])
        #expect(abs(part - 0.02) < 0.01)
    }

    @Test("five users on 2 backends take turns, and a change of user is not made for every statement")
    func manyUsers() {
        let loop = ClosedLoop(.fair, backends: 2, (1...5).map { .init(clients: $0 * 20, longest: 1000 * $0) })
        loop.run(for: .seconds(10))
        let all = loop.used.reduce(0, +)
        for part in loop.used { #expect(abs(part / all - 0.2) < 0.02, "\(loop.used)") }
        #expect(all > 10 * 2 * 0.9)
        #expect(loop.connects < 10 * 2 * 25)
    }

    @Test("one backend is shared too")
    func oneBackend() {
        let part = share(
            of: 0, .fair, backends: 1, [.init(clients: 1, longest: 5000), .init(clients: 100, longest: 5000)])
        #expect(part > 0.3, "a user with one client can't have more than its client asks for")
        let equal = share(
            of: 0, .fair, backends: 1, [.init(clients: 2, longest: 5000), .init(clients: 100, longest: 5000)])
        #expect(abs(equal - 0.5) < 0.02)
    }
}
