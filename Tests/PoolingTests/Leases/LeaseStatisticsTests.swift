import Pooling
import Testing

@Suite("What a book counts by user")
struct LeaseStatisticsTests {
    @Test("each user has its own requests, grants, connections, closes and pins")
    func byUser() {
        let rig = LeaseRig { $0.maximum = 2 }
        rig.lease(1..<2, user: 0)
        rig.lease(2..<3, user: 1)
        rig.pin(2, .cursor)
        #expect(rig.tell(.discarded, 1) == ["close c1@0: discarded"])
        #expect(rig.statistics(of: 0).opened == 1)
        #expect(rig.statistics(of: 0).closed[.discarded] == 1)
        #expect(rig.statistics(of: 0).pins.total == 0)
        #expect(rig.statistics(of: 1).grants == 1)
        #expect(rig.statistics(of: 1).closed.total == 0)
        #expect(rig.statistics(of: 1).pinsNow[.cursor] == 1)
        #expect(rig.statistics(of: 7).requests == 0)
    }

    @Test("peak and oldest wait are the user's own")
    func backlog() {
        let rig = LeaseRig { $0.maximum = 1 }
        rig.lease(1..<2, user: 0)
        #expect(rig.request(2, user: 1) == [])
        #expect(rig.pass(.milliseconds(30)) == [])
        #expect(rig.request(3, user: 0) == [])
        #expect(rig.request(4, user: 0) == [])
        #expect(rig.pass(.milliseconds(12)) == [])
        #expect(rig.statistics.peakWaiting == 3)
        #expect(rig.statistics(of: 0).peakWaiting == 2)
        #expect(rig.statistics(of: 1).peakWaiting == 1)
        #expect(rig.oldestWait(of: 0) == .milliseconds(12))
        #expect(rig.oldestWait(of: 1) == .milliseconds(42))
        #expect(rig.oldestWait(of: 2) == .zero)
    }

    @Test("a refusal counts for who was refused")
    func refusals() {
        let rig = LeaseRig { $0.maximum = 1 }
        rig.lease(1..<2, user: 0)
        #expect(rig.request(2, user: 1) == [])
        #expect(rig.pass(.seconds(60)) == ["2@0 refused: timeout"])
        #expect(rig.statistics(of: 1).refusals[.timeout] == 1)
        #expect(rig.statistics(of: 0).refusals.total == 0)
    }
}
