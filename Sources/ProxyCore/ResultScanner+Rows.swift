internal import MySQLWire

extension ResultScanner {
    /// Walks over packets that are wholly at hand and change nothing but counts.
    mutating func walk(_ bytes: Span<UInt8>, from start: Int) -> Int {
        switch phase {
        case .rows: walkRows(bytes, from: start)
        case .columns, .parameters, .preparedColumns: walkDefinitions(bytes, from: start)
        case .idle, .login, .result, .columnsEnd, .prepared, .parametersEnd, .preparedColumnsEnd, .fieldList, .status,
            .single, .binlog:
            start
        }
    }

    /// Walks over definitions that are wholly at hand, but not over the last one, and returns where it stopped.
    mutating func walkDefinitions(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var at = start
        while definitions > 1, bytes.count - at > PacketHeader.size {
            let length = Int(bytes[at]) | Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]) << 16
            guard length > 0, length <= bytes.count - at - PacketHeader.size, length < PacketHeader.maximumPayload,
                bytes[at + 3] == sequence, bytes[at + 4] < 0xFE
            else { break }
            at += PacketHeader.size + length
            sequence &+= 1
            definitions &-= 1
        }
        return at
    }

    /// Walks over rows that are wholly at hand and returns where it stopped: all the rest is left to ``row(_:_:_:)``.
    ///
    /// This is the hot loop of large results: a header and one byte a row, and nothing stored until its end.
    mutating func walkRows(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var at = start
        var next = sequence
        var rows: UInt64 = 0
        while bytes.count - at > PacketHeader.size {
            let length = Int(bytes[at]) | Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]) << 16
            guard length > 0, length <= bytes.count - at - PacketHeader.size, length < PacketHeader.maximumPayload,
                bytes[at + 3] == next, bytes[at + 4] < 0xFE
            else { break }
            at += PacketHeader.size + length
            next &+= 1
            rows &+= 1
        }
        sequence = next
        summary.rows &+= rows
        summary.rowBytes &+= UInt64(at - start)
        return at
    }

    /// A row, or what ends the rows.
    mutating func row(_ first: UInt8, _ bytes: Span<UInt8>, _ front: Front) throws(ScanViolation) -> Bool {
        if first == 0xFE, isEnd(front) {
            guard try seriesEnd(bytes, front) else { return false }
            endResult()
            return true
        }
        summary.rows &+= 1
        isRow = true
        return true
    }
}
