internal import MySQLWire

extension ResultScanner {
    /// The answer to a login or to authentication data: an OK, or a packet for the client to answer.
    mutating func login(_ first: UInt8, _ bytes: Span<UInt8>, _ front: Front) throws(ScanViolation) -> Bool {
        if first == 0x00 {
            guard try ok(bytes, front) else { return false }
            summary.results &+= 1
            end()
            return true
        }
        guard front.holds(2) else { return false }
        // caching_sha2_password's "found in the cache": the server goes on with its OK, the client has nothing to say.
        // No other method's data can look so, since only data that begin with 0x00, 0x01, 0xFE or 0xFF get a 0x01.
        let goesOn = first == 0x01 && front.length == 2 && bytes[front.start + 1] == 0x03
        if !goesOn { pending = .authContinues }
        return true
    }

    /// The begin of a replication stream, or an EOF where there is nothing to send and the replica won't wait.
    mutating func binlog(_ first: UInt8, _ bytes: Span<UInt8>, _ front: Front) throws(ScanViolation) -> Bool {
        guard first == 0xFE, isEnd(front) else {
            pending = .endless
            return true
        }
        guard try seriesEnd(bytes, front) else { return false }
        summary.results &+= 1
        end()
        return true
    }
}
