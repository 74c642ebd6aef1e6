import Pooling
import Testing

@Suite("Leases: pausing, and taking back")
struct LeasePausingTests {
    @Test("while it is paused everybody waits, resting connections or not; then all are served in order")
    func pause() {
        let rig = LeaseRig { $0.maximum = 2 }
        rig.lease(1..<3)
        #expect(rig.returned(1) == [])
        rig.pause()
        #expect(rig.request(3) == [])
        #expect(rig.request(4) == [])
        #expect(rig.returned(2) == [])
        #expect(rig.waiting == 2)
        #expect(Set(rig.unpause()) == ["3@0 gets c1", "4@0 gets c2"])
    }

    @Test("nobody is refused for having waited while it was paused, and everybody has the whole time after it")
    func patience() {
        let rig = LeaseRig {
            $0.maximum = 1
            $0.backlogTimeout = .seconds(10)
        }
        rig.lease(1..<2)
        #expect(rig.request(2) == [])
        rig.pause()
        #expect(rig.nextDue == nil)
        #expect(rig.pass(.seconds(500)) == [])
        #expect(rig.unpause() == [])
        #expect(rig.nextDue == rig.now + .seconds(10))
        #expect(rig.pass(.seconds(9)) == [])
        #expect(rig.request(3) == [])
        #expect(rig.pass(.seconds(1)) == ["2@0 refused: timeout"])
        #expect(rig.pass(.seconds(9)) == ["3@0 refused: timeout"])
    }

    @Test("a backend that goes down while it is paused is waited for from its end on")
    func downWhilePaused() {
        let rig = LeaseRig { $0.backendWait = .seconds(5) }
        rig.pause()
        #expect(rig.request(1) == [])
        rig.down()
        #expect(rig.pass(.seconds(60)) == [])
        #expect(rig.request(2) == [])
        #expect(rig.unpause() == [])
        #expect(Set(rig.pass(.seconds(5))) == ["1@0 refused: backendDown", "2@0 refused: backendDown"])
    }

    @Test("who has a connection keeps it while it is paused")
    func pinned() {
        let rig = LeaseRig { $0.maximum = 1 }
        rig.lease(1..<2)
        rig.pin(1, .transaction)
        rig.pause()
        rig.unpin(1, .transaction)
        #expect(rig.returned(1) == [])
        #expect(rig.connectionCounts[.resting] == 1)
    }

    @Test("a session has its last connection back at once while it rests, and only then")
    func recall() {
        let rig = LeaseRig { $0.maximum = 1 }
        rig.lease(1..<2)
        #expect(!rig.recall(1, by: 1))
        #expect(rig.returned(1) == [])
        #expect(!rig.recall(1, by: 2))
        #expect(rig.recall(1, by: 1))
        #expect(rig.connectionCounts[.leased] == 1 && rig.connectionCounts[.resting] == 0)
        #expect(rig.request(2) == [])
        #expect(rig.returned(1) == ["2@0 gets c1"])
    }

    @Test("the most connections at once are counted, and can be counted anew")
    func peak() {
        let rig = LeaseRig { $0.maximum = 3 }
        rig.lease(1..<4)
        for number in 1...2 { _ = rig.returned(number) }
        #expect(rig.statistics.peakLeased == 3)
        rig.forgetPeaks()
        #expect(rig.statistics.peakLeased == 1)
    }
}
