import Glibc
import Testing

@testable import AdminPlugin

@Suite struct BackgroundWorkTests {
    private func niceness() -> Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }

    @Test func `background work has less weight than its caller, who keeps what it had`() throws {
        let before = niceness()
        #expect(try BackgroundWork.run { self.niceness() } >= min(before + 1, 10))
        #expect(niceness() == before)
    }

    @Test func `an error of the work is the caller's`() {
        struct Broken: Error {}
        #expect(throws: Broken.self) { try BackgroundWork.run { throw Broken() } }
    }
}
