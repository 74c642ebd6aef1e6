import Testing

@testable import FunnelPlugin

@Suite("How many copies of statements run and wait")
struct MirrorGateTests {
    private func gate(running: Int, waiting: Int) -> MirrorGate {
        let gate = MirrorGate()
        _ = gate.setMostRunning(running)
        gate.mostWaiting = waiting
        return gate
    }

    @Test("as many as may run, then as many as may wait, then none")
    func bounds() {
        let gate = gate(running: 2, waiting: 3)
        let admissions = (0..<7).map { gate.arrived(on: $0, bytes: 10) }
        #expect(admissions == [.run, .run, .wait, .wait, .wait, .drop, .drop])
        #expect(gate.numbers == MirrorGate.Numbers(running: 2, waiting: 3, dropped: 2))
    }

    @Test("a place that comes free goes to the loop that has waited longest")
    func order() {
        let gate = gate(running: 1, waiting: 10)
        for loop in [7, 3, 5, 3] { _ = gate.arrived(on: loop, bytes: 1) }
        #expect([gate.ended(), gate.ended(), gate.ended()] == [3, 5, 3])
        #expect(gate.numbers == MirrorGate.Numbers(running: 1, waiting: 0, dropped: 0))
        #expect(gate.ended() == nil)
        #expect(gate.numbers == MirrorGate.Numbers())
        #expect(gate.arrived(on: 1, bytes: 1) == .run)
    }

    @Test("those that wait take up so many bytes at most")
    func bytes() {
        let gate = gate(running: 1, waiting: 10)
        let half = MirrorGate.mostWaitingBytes / 2
        let admissions = (0..<4).map { _ in gate.arrived(on: 0, bytes: half) }
        #expect(admissions == [.run, .wait, .wait, .drop])
        _ = gate.ended()
        #expect(gate.arrived(on: 0, bytes: half) == .wait, "the one that runs now takes no room any more")
    }

    @Test("a higher bound has the next ones run at once; a lower one waits for those that run")
    func changes() {
        let gate = gate(running: 1, waiting: 10)
        for loop in 0..<5 { _ = gate.arrived(on: loop, bytes: 1) }
        #expect(gate.setMostRunning(3) == [1, 2])
        #expect(gate.setMostRunning(1) == [])
        #expect(gate.ended() == nil)
        #expect(gate.ended() == nil)
        #expect(gate.ended() == 3)
        #expect(gate.numbers == MirrorGate.Numbers(running: 1, waiting: 1, dropped: 0))
    }

    @Test("places are forgotten once used, however many there were")
    func longQueue() {
        let gate = gate(running: 1, waiting: 100_000)
        for loop in 0...20_000 { _ = gate.arrived(on: loop, bytes: 1) }
        for loop in 1...20_000 { #expect(gate.ended() == loop) }
        #expect(gate.numbers.waiting == 0)
    }
}
