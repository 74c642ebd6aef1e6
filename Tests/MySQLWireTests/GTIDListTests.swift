import MySQLWire
import Testing

@Suite("Global transaction ids")
struct GTIDListTests {
    private static let uuid = "3E11FA47-71CA-11E1-9E33-C80AA9429562"

    @Test(
        "what servers write is taken",
        arguments: [
            ("0-1-5", "0-1-5"), ("0-1-5, 7-4294967295-18446744073709551615", "0-1-5,7-4294967295-18446744073709551615"),
            (" 0-1-5\n", "0-1-5"), ("\(uuid):1", "\(uuid):1"), ("\(uuid):1-5:7:9-12", "\(uuid):1-5:7:9-12"),
            ("\(uuid):1-5,\n\(uuid.lowercased()):2", "\(uuid):1-5,\(uuid.lowercased()):2"),
            ("\(uuid):backup_1:3", "\(uuid):backup_1:3"),
        ])
    func taken(_ text: String, _ kept: String) throws {
        #expect(String(decoding: try #require(GTIDList(text.utf8)).text, as: UTF8.self) == kept)
    }

    @Test(
        "all else is none",
        arguments: [
            "", ",", "0-1-5,", "0-1", "0-1-5-6", "0--5", "-1-1-1", "0-1-x", "0-1-18446744073709551616",
            "4294967296-1-1", "0-4294967296-1", "0-1-5'", "0-1-5') OR SLEEP('9", "0-1- 5", "0-1-5 0-1-6", "+0-1-5",
            uuid, "\(uuid):", "\(uuid):0", "\(uuid):5-1", "\(uuid):1-2-3", "\(uuid):tag", "\(uuid):a-b:1",
            "\(uuid):1,0-1-5", "3E11FA47:1-5", "\(uuid)\u{0}:1", "３-1-1",
        ])
    func refused(_ text: String) {
        #expect(GTIDList(text.utf8) == nil)
    }

    @Test("a long text is none")
    func long() {
        let ids = Array(repeating: "0-1-5", count: GTIDList.longest / 6)
        #expect(GTIDList(ids.joined(separator: ",").utf8) != nil)
        #expect(GTIDList((ids + ["0-1-5"]).joined(separator: ",").utf8) == nil)
    }

    @Test("MariaDB's are positions, MySQL's are not")
    func positions() throws {
        let list = try #require(GTIDList("0-1-5,7-2-9".utf8))
        #expect(list.positions?.map { [UInt64($0.domain), $0.sequence] } == [[0, 5], [7, 9]])
        #expect(try #require(GTIDList("\(Self.uuid):1".utf8)).positions == nil)
    }
}
