internal import MySQLWire

extension ResultScanner {
    /// A result's first packet: an OK, a request for a file, or the number of columns.
    mutating func resultBegins(_ first: UInt8, _ bytes: Span<UInt8>, _ front: Front) throws(ScanViolation) -> Bool {
        switch first {
        case 0x00:
            guard try ok(bytes, front) else { return false }
            endResult()
            return true
        case 0xFB:
            pending = .localInfile
            return true
        case 0xFE: throw unexpected(first, front)
        // Open set: every other byte begins a count.
        default: return try columnCount(bytes, front)
        }
    }

    /// The count, and then the flag whether definitions follow.
    ///
    /// MySQL's manual gives them in the other order; its server and client, and MariaDB, have the count first.
    private mutating func columnCount(_ bytes: Span<UInt8>, _ front: Front) throws(ScanViolation) -> Bool {
        guard front.holds(10) else { return false }
        var at = front.start
        let end = front.start + min(front.length, 10)
        let first = bytes[at]
        let count = try integer(bytes, at: &at, end: end)
        guard count > 0, count <= UInt64(UInt16.max) else { throw .malformedInteger(firstByte: first, .result) }
        let follows = !tellsDefinitions || at == end || bytes[at] != 0
        summary.columns = UInt32(count)
        definitions = follows ? UInt32(count) : 0
        phase = follows ? .columns : afterColumns
        return true
    }

    /// Whether a flag behind the number of columns tells whether definitions follow.
    var tellsDefinitions: Bool {
        !capabilities.isDisjoint(with: [.optionalResultsetMetadata, .mariadbCacheMetadata])
    }

    private var afterColumns: Phase { deprecatesEOF ? .rows : .columnsEnd }

    /// A column's or parameter's definition, which nobody looks into.
    mutating func definition(_ first: UInt8, _ front: Front) throws(ScanViolation) -> Bool {
        guard first != 0xFE else { throw unexpected(first, front) }
        definitions &-= 1
        if definitions == 0 { definitionsCame() }
        return true
    }

    /// The EOF behind definitions, which servers send even where they left out the definitions themselves.
    mutating func definitionsEnd(_ first: UInt8, _ bytes: Span<UInt8>, _ front: Front) throws(ScanViolation) -> Bool {
        guard first == 0xFE, isEnd(front) else { throw unexpected(first, front) }
        guard try eof(bytes, front) else { return false }
        switch phase {
        case .columnsEnd: columnsCame()
        case .parametersEnd: parametersCame()
        case .preparedColumnsEnd: end()
        case .idle, .login, .result, .columns, .rows, .prepared, .parameters, .preparedColumns, .fieldList, .status,
            .single, .binlog:
            throw unexpected(first, front)
        }
        return true
    }

    private mutating func definitionsCame() {
        switch phase {
        case .columns: phase = afterColumns
        case .parameters: if deprecatesEOF { parametersCame() } else { phase = .parametersEnd }
        case .preparedColumns: if deprecatesEOF { end() } else { phase = .preparedColumnsEnd }
        case .idle, .login, .result, .columnsEnd, .rows, .prepared, .parametersEnd, .preparedColumnsEnd, .fieldList,
            .status, .single, .binlog:
            break
        }
    }

    /// Where a cursor was opened, its rows wait for COM_STMT_FETCH.
    ///
    /// Servers leave the flag set in the results of a procedure that uses a cursor itself, and send those rows; there,
    /// more results follow, which a cursor's answer never has. In place of an EOF, the OK of an opened cursor ends an
    /// empty series of rows and needs no rule of its own.
    private mutating func columnsCame() {
        let opened = summary.status.contains(.cursorExists) && !summary.status.contains(.moreResults)
        if mayOpenCursor, opened { endResult() } else { phase = .rows }
    }

    /// One of the definitions that answer COM_FIELD_LIST, or their end.
    mutating func listedField(_ first: UInt8, _ bytes: Span<UInt8>, _ front: Front) throws(ScanViolation) -> Bool {
        guard first == 0xFE, isEnd(front) else {
            summary.columns &+= 1
            return true
        }
        guard try seriesEnd(bytes, front) else { return false }
        summary.results &+= 1
        end()
        return true
    }
}
