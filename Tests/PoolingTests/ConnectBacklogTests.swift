import Pooling
import TestSupport
import Testing

@Suite("Connect backlog")
struct ConnectBacklogTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)

    private func backlog(maximum: Int, waiting: Int = 100) -> ConnectBacklog {
        var policy = AdmissionPolicy()
        policy.maximum = maximum
        policy.backlogMaximum = waiting
        policy.timeout = .seconds(10)
        return ConnectBacklog(policy: policy)
    }

    @Test("clients above the limit wait, and are admitted in order as others leave")
    func order() {
        var backlog = backlog(maximum: 1)
        var steps: [AdmissionStep] = []
        let clients = (0..<4).map { backlog.arrived(on: LoopID($0 % 2), now: start, &steps) }
        #expect(steps == [.admit(clients[0], LoopID(0))])
        #expect(backlog.waiting == 3)
        backlog.left(clients[2], &steps)
        backlog.left(clients[0], &steps)
        backlog.left(clients[1], &steps)
        #expect(
            steps == [.admit(clients[0], LoopID(0)), .admit(clients[1], LoopID(1)), .admit(clients[3], LoopID(1))])
        #expect(backlog.statistics.cancelled == 1)
        backlog.left(clients[0], &steps)
        #expect(backlog.admitted == 1)
    }

    @Test("who waits too long is refused, the others not")
    func timeout() {
        var backlog = backlog(maximum: 1)
        var steps: [AdmissionStep] = []
        _ = backlog.arrived(on: LoopID(0), now: start, &steps)
        let second = backlog.arrived(on: LoopID(0), now: start, &steps)
        _ = backlog.arrived(on: LoopID(0), now: start + .seconds(1), &steps)
        #expect(backlog.nextDue == start + .seconds(10))
        #expect(backlog.oldestWait(now: start + .seconds(3)) == .seconds(3))
        steps = []
        backlog.timePassed(now: start + .seconds(10), &steps)
        #expect(steps == [.refuse(second, LoopID(0), .timeout)])
        #expect(backlog.nextDue == start + .seconds(11))
    }

    @Test("a full backlog refuses at once; a higher limit admits")
    func full() {
        var backlog = backlog(maximum: 1, waiting: 1)
        var steps: [AdmissionStep] = []
        _ = backlog.arrived(on: LoopID(0), now: start, &steps)
        let second = backlog.arrived(on: LoopID(0), now: start, &steps)
        steps = []
        let third = backlog.arrived(on: LoopID(1), now: start, &steps)
        #expect(steps == [.refuse(third, LoopID(1), .backlogFull)])
        steps = []
        var policy = backlog.policy
        policy.maximum = 2
        backlog.policyChanged(to: policy, &steps)
        #expect(steps == [.admit(second, LoopID(0))])
    }

    @Test("random clients: never more inside than the limit, none waits beside a free place, each has one answer")
    func random() {
        for seed in UInt64(1)...50 {
            var random = SplitMix64(seed: seed)
            var backlog = backlog(maximum: 1 + random.below(5), waiting: random.below(8))
            var now = start
            var queue: [ClientID] = []
            var inside: [ClientID] = []
            var steps: [AdmissionStep] = []
            for _ in 0..<400 {
                switch random.below(5) {
                case 0, 1: queue.append(backlog.arrived(on: LoopID(0), now: now, &steps))
                case 2 where !inside.isEmpty:
                    backlog.left(inside.remove(at: random.below(inside.count)), &steps)
                case 3 where !queue.isEmpty:
                    backlog.left(queue.remove(at: random.below(queue.count)), &steps)
                default:
                    now = now + .seconds(Double(random.below(4)))
                    backlog.timePassed(now: now, &steps)
                }
                for step in steps {
                    switch step {
                    case .admit(let client, _):
                        #expect(queue.first == client)
                        queue.removeFirst()
                        inside.append(client)
                    case .refuse(let client, _, let reason):
                        #expect(reason == .timeout ? queue.first == client : queue.last == client)
                        queue.removeAll { $0 == client }
                    }
                }
                steps = []
                #expect(inside.count <= backlog.policy.maximum)
                #expect(queue.isEmpty || inside.count == backlog.policy.maximum)
                #expect(backlog.waiting == queue.count)
            }
        }
    }
}
