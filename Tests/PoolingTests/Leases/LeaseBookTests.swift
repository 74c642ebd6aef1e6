import Pooling
import Testing

@Suite("Leases")
struct LeaseBookTests {
    @Test("the first request opens a connection on its loop and gets it")
    func opening() {
        let rig = LeaseRig()
        #expect(rig.request(1, loop: 1) == ["open c1 for user 0@1"])
        #expect(rig.isContended)
        #expect(rig.tell(.opened, 1) == ["1@1 gets c1"])
        #expect(!rig.isContended)
    }

    @Test("a session gets its own connection, else one on its loop, else one from another loop")
    func preference() {
        let rig = LeaseRig(loops: 3)
        rig.lease(1..<3, loop: 0)
        rig.lease(3..<4, loop: 1)
        for number in 1...3 { #expect(rig.returned(number) == []) }
        #expect(rig.request(2, loop: 0, last: 2) == ["2@0 gets own c2"])
        #expect(rig.request(4, loop: 1) == ["4@1 gets c3"])
        #expect(rig.request(5, loop: 2) == ["5@2 gets c1 from loop 0"])
        #expect(rig.statistics.ownGrants == 1)
        #expect(rig.statistics.carried == 1)
    }

    @Test("a session's last connection is not its own once another has used it")
    func noLongerOwn() {
        let rig = LeaseRig { $0.maximum = 1 }
        rig.lease(1..<2)
        #expect(rig.returned(1) == [])
        #expect(rig.request(2) == ["2@0 gets c1"])
        #expect(rig.returned(1) == [])
        #expect(rig.request(1, last: 1) == ["1@0 gets c1"])
        #expect(rig.statistics.ownGrants == 0)
    }

    @Test("a returned connection goes to the oldest waiter, wherever that one lives")
    func handOver() {
        let rig = LeaseRig { $0.maximum = 1 }
        rig.lease(1..<2)
        #expect(rig.request(2, loop: 1) == [])
        #expect(rig.request(3, loop: 0) == [])
        #expect(rig.returned(1) == ["2@1 gets c1 from loop 0"])
        #expect(rig.returned(1) == ["3@0 gets c1 from loop 1"])
    }

    @Test("the ticket decides, not who came to the book first")
    func tickets() {
        let rig = LeaseRig { $0.maximum = 1 }
        rig.lease(1..<2)
        for (session, ticket) in [(2, 500), (3, 300), (4, 400), (5, 200), (6, 450)] {
            #expect(rig.request(session, ticket: UInt64(ticket)) == [])
        }
        let order = (0..<5).flatMap { _ in rig.returned(1) }
        #expect(order == [5, 3, 4, 6, 2].map { "\($0)@0 gets c1" })
    }

    @Test("another user's resting connection makes way, and its place is used when it is closed")
    func eviction() {
        let rig = LeaseRig { $0.maximum = 2 }
        rig.lease(1..<3, user: 0)
        #expect(rig.returned(2) == [])
        #expect(rig.returned(1) == [])
        #expect(rig.request(3, user: 1, loop: 1) == ["close c2@0: evicted"])
        #expect(rig.request(4, user: 1, loop: 1) == ["close c1@0: evicted"])
        #expect(rig.tell(.closed, 1) == ["open c3 for user 1@1"])
        #expect(rig.tell(.opened, 3) == ["3@1 gets c3"])
        #expect(rig.tell(.closed, 2) == ["open c4 for user 1@1"])
    }

    @Test("an older waiter of another user is served first, although it costs a connect")
    func strictOrder() {
        let rig = LeaseRig { $0.maximum = 1 }
        rig.lease(1..<2, user: 0)
        #expect(rig.request(2, user: 1) == [])
        #expect(rig.request(3, user: 0) == [])
        #expect(rig.returned(1) == ["close c1@0: evicted"])
        #expect(rig.tell(.closed, 1) == ["open c2 for user 1@0"])
        #expect(rig.tell(.opened, 2) == ["2@0 gets c2"])
        #expect(rig.returned(2) == ["close c2@0: evicted"])
        #expect(rig.tell(.closed, 2) == ["open c3 for user 0@0"])
    }

    @Test("who waits for a connect takes one that comes back before; the new one serves the next")
    func overtakenConnect() {
        let rig = LeaseRig { $0.maximum = 2 }
        rig.lease(1..<2)
        #expect(rig.request(2) == ["open c2 for user 0@0"])
        #expect(rig.request(3) == [])
        #expect(rig.returned(1) == ["2@0 gets c1"])
        #expect(rig.tell(.opened, 2) == ["3@0 gets c2"])
    }

    @Test("a user has no more connections than its own limit; others go on")
    func userLimit() {
        let rig = LeaseRig {
            $0.maximum = 3
            $0.userMaximum = 1
        }
        rig.lease(1..<2, user: 0)
        #expect(rig.request(2, user: 0) == [])
        #expect(rig.request(3, user: 1) == ["open c2 for user 1@0"])
        #expect(rig.tell(.opened, 2) == ["3@0 gets c2"])
        #expect(rig.returned(2) == [])
        #expect(rig.returned(1) == ["2@0 gets c1"])
    }

    @Test("the limit of a user holds for all whom its account has, who make way for each other in order")
    func accountLimit() {
        let rig = LeaseRig {
            $0.maximum = 5
            $0.userMaximum = 2
        }
        rig.lease(1..<3, user: 0)
        #expect(rig.request(3, user: 1, of: 0) == [])
        #expect(rig.request(4, user: 0) == [])
        #expect(rig.request(5, user: 2) == ["open c3 for user 2@0"])
        #expect(rig.returned(1) == ["close c1@0: evicted"])
        #expect(rig.returned(2) == ["4@0 gets c2"])
        #expect(rig.tell(.closed, 1) == ["open c4 for user 1@0"])
        #expect(rig.tell(.opened, 4) == ["3@0 gets c4"])
        // One that rests makes way too.
        #expect(rig.returned(4) == [])
        #expect(rig.request(6, user: 0) == ["close c4@0: evicted"])
        #expect(rig.tell(.closed, 4) == ["open c5 for user 0@0"])
    }

    @Test("the limit counts a connection until it is closed, not until it is told to close")
    func closingCounts() {
        let rig = LeaseRig { $0.maximum = 1 }
        rig.lease(1..<2)
        #expect(rig.tell(.discarded, 1) == ["close c1@0: discarded"])
        #expect(rig.request(2) == [])
        #expect(rig.connectionCounts.total == 1)
        #expect(rig.tell(.closed, 1) == ["open c2 for user 0@0"])
    }

    @Test("no more connects at once than allowed")
    func connectsAtOnce() {
        let rig = LeaseRig { $0.connectsAtOnce = 2 }
        let steps = (1...5).flatMap { rig.request($0) }
        #expect(steps == ["open c1 for user 0@0", "open c2 for user 0@0"])
        #expect(rig.tell(.opened, 1) == ["1@0 gets c1", "open c3 for user 0@0"])
    }

    @Test("a lost connection's place is used at once, and who lost it keeps its turn")
    func lost() {
        let rig = LeaseRig { $0.maximum = 1 }
        rig.lease(1..<2)
        #expect(rig.request(2) == [])
        #expect(rig.tell(.lost, 1) == ["open c2 for user 0@0"])
        #expect(rig.request(1, ticket: 1) == [])
        #expect(rig.tell(.opened, 2) == ["1@0 gets c2"])
        #expect(rig.tell(.lost, 1) == [])
    }

    @Test("an event about a connection that is gone changes nothing, though its slot is used again")
    func staleConnection() {
        let rig = LeaseRig { $0.maximum = 1 }
        rig.lease(1..<2)
        #expect(rig.tell(.lost, 1) == [])
        rig.lease(2..<3)
        #expect(rig.returned(1) == [])
        #expect(rig.tell(.closed, 1) == [])
        #expect(rig.connectionCounts[.leased] == 1)
        #expect(rig.returned(2) == [])
        #expect(rig.connectionCounts[.leased] == 0)
    }
}
