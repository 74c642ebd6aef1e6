import Pooling
import Testing

@Suite("Leases: connections whose state fits")
struct LeaseFitTests {
    private let shop = StateFit(schemaHash: 1, settingsHash: 10)
    private let shopInUTC = StateFit(schemaHash: 1, settingsHash: 11)
    private let news = StateFit(schemaHash: 2, settingsHash: 10)

    @Test("the same state is preferred over the same schema, and that over the one used longest ago")
    func degrees() {
        let rig = LeaseRig()
        rig.lease(1..<4)
        #expect(rig.returned(1, state: news) == [])
        #expect(rig.returned(2, state: shop) == [])
        #expect(rig.returned(3, state: shopInUTC) == [])
        #expect(rig.request(4, state: shopInUTC) == ["4@0 gets c3"])
        #expect(rig.request(5, state: shopInUTC) == ["5@0 gets c2"])
        #expect(rig.request(6, state: shopInUTC) == ["6@0 gets c1"])
    }

    @Test("among those that fit it is the one used longest ago; its own comes before all")
    func order() {
        let rig = LeaseRig()
        rig.lease(1..<4)
        for number in [2, 3] { #expect(rig.returned(number, state: shop) == []) }
        #expect(rig.returned(1, state: news) == [])
        #expect(rig.request(1, last: 1, state: shop) == ["1@0 gets own c1"])
        #expect(rig.request(4, state: shop) == ["4@0 gets c2"])
    }

    @Test("the same schema elsewhere is preferred over another one here; of equals the one here")
    func loops() {
        let rig = LeaseRig(loops: 2)
        rig.lease(1..<2, loop: 0)
        rig.lease(2..<4, loop: 1)
        #expect(rig.returned(3, state: news) == [])
        #expect(rig.returned(2, state: shop) == [])
        #expect(rig.returned(1, state: news) == [])
        #expect(rig.request(4, loop: 0, state: news) == ["4@0 gets c1"])
        #expect(rig.request(5, loop: 0, state: shop) == ["5@0 gets c2 from loop 1"])
    }

    @Test("an unknown state fits nothing, not even another unknown one")
    func unknown() {
        let rig = LeaseRig()
        rig.lease(1..<3)
        #expect(rig.returned(1) == [])
        #expect(rig.returned(2, state: shop) == [])
        #expect(rig.request(3) == ["3@0 gets c1"])
    }

    @Test("who waits gets its turn, and not whom the connection would fit better")
    func firstComeFirstServed() {
        let rig = LeaseRig { $0.maximum = 1 }
        rig.lease(1..<2)
        #expect(rig.request(2, state: news) == [])
        #expect(rig.request(3, state: shop) == [])
        #expect(rig.returned(1, state: shop) == ["2@0 gets c1"])
        #expect(rig.returned(1, state: news) == ["3@0 gets c1"])
    }
}
