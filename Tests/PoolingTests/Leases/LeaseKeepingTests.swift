import Pooling
import Testing

@Suite("Leases: kept without a word to the book")
struct LeaseKeepingTests {
    @Test("leases may be kept while nobody waits and nothing is to end")
    func whileNobodyWaits() {
        let rig = LeaseRig { $0.maximum = 2 }
        rig.lease(1..<3)
        #expect(rig.letsKeep)
        #expect(rig.request(3) == [])
        #expect(!rig.letsKeep)
        #expect(rig.returned(1) == ["3@0 gets c1"])
        #expect(rig.letsKeep)
        #expect(rig.change { $0.maximum = 1 } == [])
        #expect(!rig.letsKeep)
        #expect(rig.returned(2) == ["close c2@0: limit"])
        #expect(rig.letsKeep)
    }

    @Test("not while the backend is paused, drained, down or looked at", arguments: ["pause", "drain", "down"])
    func whileServing(obstacle: String) {
        let rig = LeaseRig()
        rig.lease(1..<2)
        switch obstacle {
        case "pause": rig.pause()
        case "drain": _ = rig.drain()
        default: rig.down()
        }
        #expect(!rig.letsKeep)
    }

    @Test("what was kept and isn't used rests, for the next one or for its own")
    func rests() {
        let state = StateFit(schemaHash: 1, settingsHash: 1)
        let rig = LeaseRig { $0.maximum = 2 }
        rig.lease(1..<3)
        rig.kept(1, times: 5, state: state)
        rig.kept(2, times: 1)
        #expect(rig.connectionCounts[.resting] == 2 && !rig.isLeased(1))
        #expect(rig.request(2, last: 2) == ["2@0 gets own c2"])
        #expect(rig.request(3, state: state) == ["3@0 gets c1"])
    }

    @Test("its statements are counted as if the book had granted each")
    func counts() {
        let rig = LeaseRig()
        rig.lease(1..<2)
        let before = rig.statistics
        rig.kept(1, times: 7)
        #expect(rig.statistics.requests == before.requests + 7)
        #expect(rig.statistics.grants == before.grants + 7)
        #expect(rig.statistics.grantsAtOnce == before.grantsAtOnce + 7)
        #expect(rig.statistics.ownGrants == before.ownGrants + 7)
    }

    @Test("a connection that is at rest, or gone, has nothing to be told")
    func stale() {
        let rig = LeaseRig()
        rig.lease(1..<3)
        #expect(rig.returned(1) == [])
        #expect(rig.tell(.lost, 2) == [])
        let before = rig.statistics.grants
        rig.kept(1, times: 3)
        rig.kept(2, times: 3)
        #expect(rig.statistics.grants == before)
        #expect(rig.connectionCounts[.resting] == 1)
    }

    @Test("the time until its ping runs from its last use")
    func chores() {
        let rig = LeaseRig { $0.keepalive = .seconds(60) }
        rig.lease(1..<2)
        rig.kept(1, times: 1)
        #expect(rig.nextDue == rig.now + .seconds(60))
        #expect(rig.pass(.seconds(60)) == ["ping c1@0"])
    }

    @Test("in fair shares its time counts")
    func fairness() {
        let rig = LeaseRig {
            $0.maximum = 1
            $0.queue = .fair
            $0.quantum = .milliseconds(1)
        }
        rig.lease(1..<2, user: 0)
        rig.kept(1, times: 100, used: .seconds(1))
        #expect(rig.request(1, user: 0, last: 1) == ["1@0 gets own c1"])
        #expect(rig.request(2, user: 0) == [])
        #expect(rig.request(3, user: 1) == [])
        // User 1 has had nothing so far: its place comes before another turn of user 0's.
        #expect(rig.returned(1) == ["close c1@0: evicted"])
        #expect(rig.tell(.closed, 1) == ["open c2 for user 1@0"])
    }
}
