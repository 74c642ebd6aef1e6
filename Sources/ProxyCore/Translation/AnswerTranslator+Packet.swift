internal import MySQLWire

extension AnswerTranslator {
    /// What has to be done about a packet.
    enum PacketKind: BitwiseCopyable, Equatable {
        /// Nothing but its sequence id.
        case relayed
        /// A definition that may have to change.
        case definition
        /// The head of COM_STMT_PREPARE's answer.
        case prepared
        /// An OK of its own.
        case ok
        /// The end of a series: an EOF, or the OK in its place.
        case seriesEnd
        /// The backend's EOF behind definitions.
        case definitionsEnd
        /// An ERR.
        case error
    }

    /// A packet that the scanner took.
    struct Packet: BitwiseCopyable {
        let header: PacketHeader
        /// The payload's first byte, among those presented.
        let start: Int
        /// What the packet was taken for.
        let phase: ResultScanner.Phase
        /// Its sequence id for the client.
        let sequence: UInt8

        var end: Int { start + header.payloadLength }
    }

    /// What a packet with this first byte is; all but relayed ones are waited for.
    @inline(__always)
    func kind(of header: PacketHeader, first: UInt8) -> PacketKind {
        if scanner.isContinued { return .relayed }
        if first == 0xFF { return .error }
        let isEnd = first == 0xFE && isEnd(header)
        switch scanner.phase {
        case .rows, .binlog: return isEnd ? .seriesEnd : .relayed
        case .columns, .parameters, .preparedColumns: return rewritesDefinitions ? .definition : .relayed
        case .result, .login: return first == 0x00 ? .ok : .relayed
        case .columnsEnd, .parametersEnd, .preparedColumnsEnd: return isEnd ? .definitionsEnd : .relayed
        case .prepared: return first == 0x00 ? .prepared : .relayed
        case .fieldList: return isEnd ? .seriesEnd : rewritesDefinitions ? .definition : .relayed
        case .status: return first == 0x00 ? .ok : isEnd ? .seriesEnd : .relayed
        case .single, .idle: return .relayed
        }
    }

    @inline(__always)
    private func isEnd(_ header: PacketHeader) -> Bool {
        scanner.isEnd(ResultScanner.Front(start: 0, length: header.payloadLength, count: 0))
    }

    /// Gives the client its form of a packet that the scanner took, which is whole.
    mutating func translate(
        _ kind: PacketKind, _ packet: Packet, _ bytes: Span<UInt8>, _ draft: inout AnswerDraft
    ) throws(ScanViolation) {
        let isReplaced =
            switch kind {
            case .relayed: false
            case .definition: try definition(packet, bytes, &draft)
            case .prepared: preparedHead(packet, bytes, &draft)
            case .ok: try ok(packet, bytes, &draft)
            case .seriesEnd: try seriesEnd(packet, bytes, &draft)
            case .definitionsEnd: definitionsEnd(packet, bytes, &draft)
            case .error: error(packet, bytes, &draft)
            }
        if !isReplaced, packet.sequence != packet.header.sequence {
            draft.renumber(bytes, headerAt: draft.at, as: packet.sequence)
        }
    }

    /// An ERR ends the answer; a progress report isn't shown to clients that didn't ask for any.
    private mutating func error(
        _ packet: Packet, _ bytes: Span<UInt8>, _ draft: inout AnswerDraft
    ) -> Bool {
        guard scanner.summary.isError else {
            if client.contains(.mariadbProgress) { return false }
            draft.replace(bytes, length: packet.header.packetLength)
            shift &-= 1
            return true
        }
        tell(.error)
        return false
    }
}
