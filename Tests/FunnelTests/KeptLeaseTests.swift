import Dispatch
import Foundation
import Locking
import Pooling
import Testing

@testable import FunnelPlugin

@Suite("A lease between two statements")
struct KeptLeaseTests {
    private let lease: KeptLease

    init() throws {
        var book = LeaseBook(policy: LeasePolicy(), loops: 1, seed: 1)
        var steps: [LeaseStep] = []
        let request = LeaseRequest(
            session: SessionID(1), user: UserID(0), loop: LoopID(0), ticket: 1, arrived: MonotonicTime(nanoseconds: 0))
        book.requested(request, now: MonotonicTime(nanoseconds: 0), &steps)
        guard case .open(let id, _, _)? = steps.first else { throw Missing() }
        lease = KeptLease(id)
    }

    private struct Missing: Error {}

    private func giveBack(used: UInt64 = 1, at time: UInt64 = 0) {
        let fit = StateFit(schemaHash: 1, settingsHash: 1)
        lease.giveBack(used: .milliseconds(used), at: MonotonicTime(nanoseconds: time), fit: fit)
    }

    @Test("it is shut until the pool opens it, and can't be taken while it is used")
    func begins() {
        #expect(!lease.isOpen && !lease.takeAgain() && !lease.recall())
        lease.open()
        #expect(lease.isOpen && !lease.takeAgain() && !lease.recall())
    }

    @Test("given back it goes to whoever comes first")
    func first() {
        lease.open()
        giveBack()
        #expect(lease.takeAgain() && !lease.recall())
        giveBack()
        #expect(lease.recall() && !lease.takeAgain() && !lease.isOpen)
    }

    @Test("it tells what the book has not heard of, once")
    func untold() {
        lease.open()
        giveBack(used: 2)
        #expect(lease.takeAgain())
        giveBack(used: 3)
        #expect(lease.takeAgain())
        let told = lease.end()
        #expect(told.times == 2 && told.used == .milliseconds(5))
        let again = lease.end()
        #expect(again.times == 0 && again.used == .zero)
    }

    @Test("ended while nobody uses it, its last statement's time is told apart")
    func endedUnused() {
        lease.open()
        giveBack(used: 2)
        #expect(lease.takeAgain())
        giveBack(used: 3, at: 77)
        let told = lease.end()
        #expect(told.times == 1 && told.used == .milliseconds(2))
        #expect(lease.usedLast == .milliseconds(3) && lease.endedAt.nanoseconds == 77)
    }

    @Test("opened anew it counts from zero")
    func anew() {
        lease.open()
        giveBack()
        #expect(lease.takeAgain())
        _ = lease.end()
        lease.open()
        #expect(lease.end().times == 0)
    }

    @Test("session and pool never have it both, on two threads")
    func race() async {
        let owner = Owner()
        let lease = lease
        let rounds = 20_000
        lease.open()
        // The pool recalls it, uses it, and grants it again, as somebody else's statement would have it do.
        let pool = Thread {
            for _ in 0..<rounds {
                guard lease.recall() else { continue }
                owner.enter()
                owner.leave()
                lease.open()
                giveBackForSession()
            }
            owner.poolEnded()
        }
        @Sendable func giveBackForSession() {
            lease.giveBack(used: .zero, at: MonotonicTime(nanoseconds: 0), fit: .unknown)
        }
        giveBackForSession()
        pool.start()
        var taken = 0
        while !owner.hasPoolEnded || taken == 0 {
            guard lease.takeAgain() else { continue }
            owner.enter()
            owner.leave()
            taken += 1
            giveBackForSession()
        }
        #expect(owner.collisions == 0)
        #expect(taken > 0)
    }

    /// Counts how often two had the lease at once.
    private final class Owner: Sendable {
        private let inside = Atomic<Int>(0)
        private let counted = Atomic<Int>(0)
        private let ended = Atomic<Bool>(false)

        var collisions: Int { counted.load(ordering: .relaxed) }
        var hasPoolEnded: Bool { ended.load(ordering: .acquiring) }
        func poolEnded() { ended.store(true, ordering: .releasing) }

        func enter() {
            if inside.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue > 1 {
                counted.wrappingAdd(1, ordering: .relaxed)
            }
        }

        func leave() { inside.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
    }
}
