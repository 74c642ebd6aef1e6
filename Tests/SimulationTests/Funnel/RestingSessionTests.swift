import Pooling
import TestSupport
import Testing

@testable import Chassis
@testable import FunnelPlugin
@testable import PluginAPI

/// What a logged-in client at rest keeps of the process's memory; 8,000 of them have to do with a kilobyte each, tables and
/// sockets' streams included (EventLoopTests has those).
@Suite("A session of the funnel at rest")
struct RestingSessionTests {
    @Test("its objects have no more bytes than they need")
    func sizes() throws {
        let rest = try Rest()
        let local = try #require(rest.connection.backend as? LocalStream)
        #expect((1...232).contains(allocatedBytes(of: rest.connection)))
        #expect((1...120).contains(allocatedBytes(of: rest.connection.session)))
        #expect((1...88).contains(allocatedBytes(of: local)))
        #expect((1...232).contains(allocatedBytes(of: rest.session)))
    }

    @Test("what its login needed is let go of, and no query brings anything new")
    func leftovers() throws {
        let rest = try Rest()
        for _ in 1...2 {
            #expect(rest.connection.interlude == nil)
            #expect(rest.connection.statements == nil && rest.connection.tracker == nil)
            #expect(rest.connection.session.passage == nil)
            #expect(rest.session.rarities == nil)
            #expect(rest.session.running == nil && rest.session.incoming.capacity == 0)
            #expect(rest.rig.ask(rest.client, "SELECT 1") == "ROW")
        }
    }

    @Test("a list of sessions shows who it is all the same, and where from")
    func listing() throws {
        let rest = try Rest()
        let listed = rest.connection.listed(on: rest.rig.loop)
        #expect(listed.activity.user == "user")
        #expect(listed.clientAddress == "client")
    }

    /// One client that has asked once.
    private struct Rest {
        let rig: OrdersRig
        let client: StatementClient
        let connection: ProxyConnection
        let session: FunnelSession

        init() throws {
            rig = try OrdersRig(hasRules: false)
            client = rig.client()
            #expect(rig.ask(client, "SELECT 1") == "ROW")
            connection = try #require(rig.stage.context.all.first)
            session = try #require(rig.stage.worker.session(numbered: SessionID(of: connection.session).number))
        }
    }
}
