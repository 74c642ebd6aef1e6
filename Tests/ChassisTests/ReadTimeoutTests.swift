import EventLoop
import MySQLWire
import Pooling
import ProxyCore
import TestSupport
import Testing

@testable import Chassis

@Suite("The read timeout")
struct ReadTimeoutTests {
    @Test("runs anew from every byte: who speaks now and then stays, who is silent goes on the second")
    func silence() {
        let rig = StatementRig()
        let client = rig.client()
        for _ in 1...4 {
            rig.settle(400)
            #expect(!rig.ask(client, "SELECT 1").isEmpty)
            #expect(rig.causes.isEmpty)
        }
        rig.settle(1000) { !rig.causes.isEmpty }
        #expect(rig.causes == [.clientTimeout])
        let silence = rig.loop.now.since(client.answeredAt)
        #expect(silence > .seconds(599) && silence <= .seconds(600))
    }

    @Test("a statement without an answer has the server's whole time, whatever was said before")
    func answer() {
        let rig = StatementRig()
        let client = rig.client()
        rig.settle(500)
        #expect(!rig.ask(client, "SELECT 1").isEmpty)
        rig.settle(500)
        let asked = rig.loop.now
        client.send(Command.query.payload(text: "NEVER"))
        rig.settle(1000) { !rig.causes.isEmpty }
        #expect(rig.causes == [.backendTimeout])
        let silence = rig.loop.now.since(asked)
        #expect(silence >= .seconds(600) && silence < .seconds(601))
    }
}
