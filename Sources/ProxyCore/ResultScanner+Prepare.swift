internal import MySQLWire

extension ResultScanner {
    /// The head of COM_STMT_PREPARE's answer: 0x00, id, columns, parameters, filler, warnings and MySQL's metadata flag.
    mutating func prepared(_ first: UInt8, _ bytes: Span<UInt8>, _ front: Front) throws(ScanViolation) -> Bool {
        guard front.holds(13) else { return false }
        guard first == 0x00 else { throw unexpected(first, front) }
        guard front.length >= 9 else { throw .truncatedPacket(firstByte: first, .prepare) }
        summary.statementID =
            UInt32(short(bytes, at: front.start + 1)) | UInt32(short(bytes, at: front.start + 3)) << 16
        summary.columns = UInt32(short(bytes, at: front.start + 5))
        summary.parameters = short(bytes, at: front.start + 7)
        if front.length >= 12 { summary.warnings = short(bytes, at: front.start + 10) }
        summary.results = 1
        let hasFlag = capabilities.contains(.optionalResultsetMetadata) && front.length >= 13
        hasDefinitions = !hasFlag || bytes[front.start + 12] != 0
        if summary.parameters > 0 { expectParameters() } else { parametersCame() }
        return true
    }

    private mutating func expectParameters() {
        definitions = UInt32(summary.parameters)
        if hasDefinitions {
            phase = .parameters
        } else if deprecatesEOF {
            parametersCame()
        } else {
            phase = .parametersEnd
        }
    }

    /// The parameters are done: the columns follow, if there are any.
    mutating func parametersCame() {
        definitions = summary.columns
        if summary.columns == 0 || !hasDefinitions && deprecatesEOF {
            end()
        } else {
            phase = hasDefinitions ? .preparedColumns : .preparedColumnsEnd
        }
    }
}
