import EventLoop
import Glibc
import Testing

@Suite("Many streams that have bytes at once", .everyBackend, .timeLimit(.minutes(10)))
struct CrowdTests {
    private static let clients = 150
    private static let rounds = 12

    @Test("each hears its own in order, also beside long ones and after them", arguments: [0, 2, 30])
    func crowd(long: Int) async throws {
        let rig = try Rig()
        let heard = Inbox<[UInt8]>()
        let endpoint = try await rig.serve {
            let probe = Probe()
            probe.onReceived = { probe, bytes in
                probe.received += bytes
                return bytes.count
            }
            probe.onEnded = { probe, _ in heard.put(probe.received) }
            return probe
        }
        let bytes = pattern(count: 200_000)
        let clients = (0..<Self.clients).map { _ in blockingClient(port: endpoint.port) }
        // By its first bytes each is told apart.
        var sent = (0..<Self.clients).map { [UInt8($0 & 255), UInt8($0 >> 8)] }
        for (client, start) in zip(clients, sent) { #expect(write(client, start, start.count) == start.count) }
        for round in 0..<Self.rounds {
            // While the loop sleeps, all of them say something.
            rig.loop.execute { usleep(20_000) }
            for (number, client) in clients.enumerated() {
                // The last rounds are short for all.
                let isLong = number < long && round < Self.rounds / 2
                let piece = Array(bytes[round..<(isLong ? bytes.count : 300)])
                #expect(write(client, piece, piece.count) == piece.count)
                sent[number] += piece
            }
        }
        for client in clients { close(client) }
        for _ in clients {
            let one = try #require(await heard.next())
            let number = Int(one[0]) | Int(one[1]) << 8
            #expect(one == sent[number], "the bytes of client \(number)")
        }
    }
}
