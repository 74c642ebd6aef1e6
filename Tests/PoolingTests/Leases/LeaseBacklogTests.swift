import Pooling
import Testing

@Suite("Leases: backlog")
struct LeaseBacklogTests {
    @Test("a waiter whose client dies leaves the queue; after the answer it is too late")
    func cancellation() {
        let rig = LeaseRig { $0.maximum = 1 }
        rig.lease(1..<2)
        #expect(rig.request(2) == [])
        #expect(rig.request(3) == [])
        #expect(rig.cancel(2) == (true, []))
        #expect(rig.cancel(2) == (false, []))
        #expect(rig.returned(1) == ["3@0 gets c1"])
        #expect(rig.cancel(3) == (false, []))
        #expect(rig.waiting == 0)
    }

    @Test("when the waiter is gone for whom a connection closes, the place goes to the next")
    func cancelledPromise() {
        let rig = LeaseRig { $0.maximum = 1 }
        rig.lease(1..<2, user: 0)
        #expect(rig.returned(1) == [])
        #expect(rig.request(2, user: 1) == ["close c1@0: evicted"])
        #expect(rig.request(3, user: 2, loop: 1) == [])
        #expect(rig.cancel(2) == (true, []))
        #expect(rig.tell(.closed, 1) == ["open c2 for user 2@1"])
    }

    @Test("a full backlog refuses the newcomer; who has capacity on its way does not count")
    func full() {
        let rig = LeaseRig {
            $0.maximum = 1
            $0.backlogMaximum = 1
        }
        #expect(rig.request(1) == ["open c1 for user 0@0"])
        #expect(rig.request(2) == [])
        #expect(rig.request(3) == ["3@0 refused: backlogFull"])
        #expect(rig.tell(.opened, 1) == ["1@0 gets c1"])
        #expect(rig.returned(1) == ["2@0 gets c1"])
        #expect(rig.statistics.refusals[.backlogFull] == 1)
        #expect(rig.statistics.peakWaiting == 2)
    }

    @Test("a waiter is refused when its time is over, from its arrival on, and not before")
    func timeout() {
        let rig = LeaseRig {
            $0.maximum = 1
            $0.backlogTimeout = .seconds(10)
        }
        rig.lease(1..<2)
        #expect(rig.nextDue == nil)
        #expect(rig.request(2) == [])
        #expect(rig.pass(.seconds(4)) == [])
        #expect(rig.request(3) == [])
        #expect(rig.nextDue == rig.now + .seconds(6))
        #expect(rig.oldestWait == .seconds(4))
        #expect(rig.pass(.milliseconds(5_999)) == [])
        #expect(rig.pass(.milliseconds(1)) == ["2@0 refused: timeout"])
        #expect(rig.pass(.seconds(4)) == ["3@0 refused: timeout"])
        #expect(rig.statistics.refusals[.timeout] == 2)
        #expect(rig.nextDue == nil)
    }

    @Test("a refusal tells who has the connections")
    func holdings() {
        var book = LeaseBook(policy: LeasePolicy(), loops: 1, seed: 1)
        var steps: [LeaseStep] = []
        let now = MonotonicTime(nanoseconds: 0)
        func request(_ number: UInt64) -> LeaseRequest {
            LeaseRequest(
                session: SessionID(number), user: UserID(0), loop: LoopID(0), ticket: number, arrived: now)
        }
        for number in 0...10 as ClosedRange<UInt64> { book.requested(request(number), now: now, &steps) }
        var leased: [ConnectionID] = []
        while !steps.isEmpty {
            switch steps.removeFirst() {
            case .open(let id, _, _): book.opened(id, now: now, &steps)
            case .grant(let grant): leased.append(grant.connection)
            case .close, .ping, .refuse: break
            }
        }
        for id in leased[0..<7] { book.pinned(id, .temporaryTable) }
        for id in leased[5..<9] { book.pinned(id, .transaction) }
        book.timePassed(now: now + .seconds(60), &steps)
        guard case .refuse(let refusal) = steps.first else {
            Issue.record("nobody was refused")
            return
        }
        #expect(refusal.waited == .seconds(60))
        #expect(
            refusal.holdings.description
                == "all 10 connections held: 7 temporary table, 2 transaction, 1 running a statement")
        let pins = book.statistics.pinsNow
        #expect(pins[.transaction] == 4)
    }

    @Test("pins are counted once each, and end with the lease")
    func pins() {
        let rig = LeaseRig()
        rig.lease(1..<2)
        rig.pin(1, .transaction)
        rig.pin(1, .transaction)
        rig.pin(1, .namedLock)
        #expect(rig.statistics.pins[.transaction] == 1)
        #expect(rig.statistics.pinsNow.total == 2)
        #expect(rig.holdings.pinned[.namedLock] == 1)
        rig.unpin(1, .namedLock)
        rig.unpin(1, .namedLock)
        #expect(rig.holdings.pinned[.transaction] == 1)
        #expect(rig.statistics.pinsNow.total == 1)
        #expect(rig.returned(1) == [])
        #expect(rig.statistics.pinsNow.total == 0)
        #expect(rig.holdings.pinned.total == 0)
        rig.pin(1, .handler)
        #expect(rig.statistics.pins[.handler] == 0)
    }

    @Test("a thousand waiters of two loops are served in the order of their arrival")
    func order() {
        let rig = LeaseRig { $0.maximum = 2 }
        rig.lease(0..<2)
        for session in 2..<1002 { #expect(rig.request(session, loop: session % 2) == []) }
        var served: [Int] = []
        for turn in 0..<1000 {
            let steps = rig.returned(1 + turn % 2)
            served += steps.compactMap { $0.split(separator: "@").first.flatMap { Int($0) } }
        }
        #expect(served == Array(2..<1002))
    }
}
