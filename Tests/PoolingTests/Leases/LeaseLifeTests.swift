import Pooling
import Testing

@Suite("Leases: the life of connections")
struct LeaseLifeTests {
    @Test("the minimum is opened ahead, on all loops in turn, and filled up after a loss")
    func minimum() {
        let rig = LeaseRig { $0.minimum = 3 }
        #expect(rig.warm(user: 4) == (1...3).map { "open c\($0) for user 4@\($0 % 2)" })
        for number in 1...3 { #expect(rig.tell(.opened, number) == []) }
        #expect(rig.tell(.lost, 2) == ["open c4 for user 4@0"])
        #expect(rig.tell(.opened, 4) == [])
        #expect(rig.statistics.closed[.lost] == 1)
    }

    @Test("a resting connection is pinged, and is not granted before it has answered")
    func keepalive() {
        let rig = LeaseRig {
            $0.maximum = 1
            $0.keepalive = .seconds(30)
        }
        rig.lease(1..<2)
        #expect(rig.returned(1) == [])
        #expect(rig.pass(.seconds(29)) == [])
        #expect(rig.pass(.seconds(1)) == ["ping c1@0"])
        #expect(rig.request(2) == [])
        #expect(rig.tell(.checked, 1) == ["2@0 gets c1"])
        #expect(rig.pass(.seconds(40)) == [])
    }

    @Test("a dead resting connection found by its ping is replaced for who waits")
    func deadAtPing() {
        let rig = LeaseRig {
            $0.maximum = 1
            $0.keepalive = .seconds(30)
        }
        rig.lease(1..<2)
        #expect(rig.returned(1) == [])
        #expect(rig.pass(.seconds(30)) == ["ping c1@0"])
        #expect(rig.request(2) == [])
        #expect(rig.tell(.lost, 1) == ["open c2 for user 0@0"])
    }

    @Test("connections retire by age, not all at the same moment, and busy ones when they come back")
    func age() {
        let rig = LeaseRig {
            $0.maximum = 3
            $0.maximumAge = .seconds(100)
        }
        rig.lease(1..<4)
        #expect(rig.returned(1) == [])
        #expect(rig.returned(2) == [])
        let first = rig.nextDue
        #expect(rig.pass(.seconds(89)) == [])
        #expect(first.map { $0 > rig.now } == true)
        #expect(Set(rig.pass(.seconds(11))) == ["close c1@0: age", "close c2@0: age"])
        #expect(first.map { $0 < rig.now } == true)
        #expect(rig.returned(3) == ["close c3@0: age"])
        #expect(rig.statistics.closed[.age] == 3)
    }

    @Test("after a failed connect the next one waits, alone and longer each time; a success ends it")
    func backOff() {
        let rig = LeaseRig { $0.maximum = 3 }
        #expect(rig.request(1) == ["open c1 for user 0@0"])
        #expect(rig.request(2) == ["open c2 for user 0@0"])
        #expect(rig.tell(.backendFailed, 1) == [])
        #expect(rig.tell(.backendFailed, 2) == [])
        #expect(rig.nextDue == rig.now + .milliseconds(100))
        #expect(rig.pass(.milliseconds(99)) == [])
        #expect(rig.pass(.milliseconds(1)) == ["open c3 for user 0@0"])
        #expect(rig.nextDue.map { $0 > rig.now + .seconds(50) } == true)
        #expect(rig.tell(.opened, 3) == ["open c4 for user 0@0", "1@0 gets c3"])
    }

    @Test("while connects fail, resting connections of others stay where they are useful")
    func noEvictionInVain() {
        let rig = LeaseRig { $0.maximum = 2 }
        rig.lease(1..<2, user: 0)
        #expect(rig.request(2, user: 1) == ["open c2 for user 1@0"])
        #expect(rig.tell(.backendFailed, 2) == [])
        #expect(rig.request(3, user: 0) == [])
        #expect(rig.returned(1) == ["3@0 gets c1"])
    }

    @Test("a user that the backend does not let in is refused whole, others are not put off")
    func loginRefused() {
        let rig = LeaseRig()
        #expect(rig.request(1, user: 0) == ["open c1 for user 0@0"])
        #expect(rig.request(2, user: 0) == ["open c2 for user 0@0"])
        #expect(rig.tell(.userFailed, 1) == ["1@0 refused: loginRefused", "2@0 refused: loginRefused"])
        #expect(rig.tell(.userFailed, 2) == [])
        #expect(rig.request(3, user: 1) == ["open c3 for user 1@0"])
    }

    @Test("a backend that is down is waited for, for a while; then requests fail at once until it is back")
    func down() {
        let rig = LeaseRig { $0.backendWait = .seconds(5) }
        rig.lease(1..<2)
        rig.down()
        #expect(rig.tell(.lost, 1) == [])
        #expect(rig.request(2) == [])
        #expect(rig.pass(.seconds(4)) == [])
        #expect(rig.request(3) == [])
        #expect(rig.nextDue == rig.now + .seconds(1))
        #expect(rig.pass(.seconds(1)) == ["2@0 refused: backendDown", "3@0 refused: backendDown"])
        #expect(rig.request(4) == ["4@0 refused: backendDown"])
        #expect(rig.up() == [])
        #expect(rig.request(5) == ["open c2 for user 0@0"])
    }

    @Test("when the backend is back, those who waited are served in order")
    func backInTime() {
        let rig = LeaseRig { $0.maximum = 2 }
        rig.lease(1..<2)
        rig.down()
        #expect(rig.returned(1) == [])
        for session in 2...4 { #expect(rig.request(session) == []) }
        #expect(rig.up() == ["2@0 gets c1", "open c2 for user 0@0"])
        #expect(rig.tell(.opened, 2) == ["3@0 gets c2"])
    }

    @Test("a drained backend refuses who waits, ends what rests and what comes back, and can be used again")
    func drain() {
        let rig = LeaseRig { $0.maximum = 2 }
        rig.lease(1..<3)
        #expect(rig.returned(2) == [])
        #expect(rig.drain() == ["close c2@0: drained"])
        #expect(rig.request(3) == ["3@0 refused: draining"])
        #expect(rig.returned(1) == ["close c1@0: drained"])
        #expect(rig.tell(.closed, 1) == [])
        #expect(rig.tell(.closed, 2) == [])
        #expect(rig.undrain() == [])
        #expect(rig.request(4) == ["open c3 for user 0@0"])
    }

    @Test("a lower limit closes what rests at once and the others as they come back; a higher one opens")
    func limits() {
        let rig = LeaseRig { $0.maximum = 4 }
        rig.lease(1..<5)
        #expect(rig.returned(1) == [])
        #expect(rig.change { $0.maximum = 2 } == ["close c1@0: limit"])
        #expect(rig.returned(2) == ["close c2@0: limit"])
        #expect(rig.returned(3) == [])
        #expect(rig.tell(.closed, 1) == [])
        #expect(rig.request(5) == ["5@0 gets c3"])
        #expect(rig.request(6) == [])
        #expect(rig.tell(.closed, 2) == [])
        #expect(rig.change { $0.maximum = 3 } == ["open c5 for user 0@0"])
    }

    @Test("nothing is opened while the backend is probed; whoever came meanwhile is served then, in order")
    func probing() {
        let rig = LeaseRig { $0.maximum = 1 }
        #expect(rig.probe())
        #expect(!rig.probe())
        #expect(rig.request(1) == [])
        #expect(rig.request(2) == [])
        #expect(rig.probed() == ["open c1 for user 0@0"])
        #expect(rig.tell(.opened, 1) == ["1@0 gets c1"])
        #expect(rig.probed() == [])
    }

    @Test("a backend with connections is not probed")
    func noProbe() {
        let rig = LeaseRig { $0.maximum = 2 }
        #expect(rig.request(1) == ["open c1 for user 0@0"])
        #expect(!rig.probe())
        #expect(rig.request(2) == ["open c2 for user 0@0"])
    }

    @Test("who waits too long for the end of a probe is refused")
    func endlessProbe() {
        let rig = LeaseRig { $0.backlogTimeout = .seconds(1) }
        #expect(rig.probe())
        #expect(rig.request(1) == [])
        #expect(rig.pass(.seconds(1)) == ["1@0 refused: timeout"])
    }
}
