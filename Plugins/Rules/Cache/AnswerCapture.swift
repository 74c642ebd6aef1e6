import MySQLWire
import ProxyCore

/// Takes in an answer to COM_QUERY on its way to the client, and makes of it what may be kept.
struct AnswerCapture: Sendable {
    private let policy: StoragePolicy
    private let capabilities: Capabilities
    private var translator: AnswerTranslator
    /// The answer in the kept form, its end included.
    private var bytes: [UInt8] = []
    /// What the translator wants to see again with more behind it.
    private var rest: [UInt8] = []
    private var hasEnded = false
    /// Why the answer isn't kept, as far as is known yet; it need not be shown the rest then.
    private(set) var refusal: NotKept?

    /// What a client may have negotiated about definitions that MariaDB and MySQL leave out.
    private static let headerFlags: Capabilities = [.optionalResultsetMetadata, .mariadbCacheMetadata]

    /// - Parameters:
    ///   - capabilities: those of the client whose answer it is.
    ///   - status: the session's flags before the statement.
    ///   - firstSequence: the sequence id of the answer's first packet; above 1 only behind a command over 16 MiB.
    init(capabilities: Capabilities, status: StatusFlags, policy: StoragePolicy, firstSequence: UInt8 = 1) {
        (self.policy, self.capabilities) = (policy, capabilities)
        let own = Self.headerFlags.union(.mariadbExtendedMetadata)
        let form: Capabilities = [.protocol41, .transactions, .deprecateEOF]
        translator = AnswerTranslator(backend: capabilities, client: form.union(capabilities.intersection(own)))
        translator.commandSent(
            .query, lastSequence: firstSequence &- 1, clientSequence: 1, status: status)
        let isInTransaction = !status.isDisjoint(with: [.inTransaction, .inReadOnlyTransaction])
        if isInTransaction, !policy.keepsInTransaction { refusal = .inTransaction }
    }

    /// The client's next bytes; they may begin and end anywhere.
    mutating func received(_ packets: Span<UInt8>) {
        guard refusal == nil, !hasEnded else { return }
        if rest.isEmpty {
            let consumed = take(packets)
            Self.append(packets.extracting(consumed...), to: &rest)
        } else {
            Self.append(packets, to: &rest)
            var whole: [UInt8] = []
            swap(&whole, &rest)
            let consumed = take(whole.span)
            Self.append(whole.span.extracting(consumed...), to: &rest)
        }
        if bytes.count + rest.count > policy.maximumBytes { refuse(.tooLong) }
    }

    /// What is to be kept of the whole answer.
    ///
    /// - Throws: why nothing is.
    consuming func finish() throws(NotKept) -> AnswerContent {
        if let refusal { throw refusal }
        guard hasEnded else { throw .malformed }
        let summary = translator.summary
        if summary.isError { throw .error }
        if summary.results != 1 || summary.columns == 0 { throw .notOneResultSet }
        if summary.warnings > 0, !policy.keepsWarnings { throw .warnings }
        if summary.rows == 0, !policy.keepsEmpty { throw .empty }
        return try content()
    }

    private mutating func take(_ packets: Span<UInt8>) -> Int {
        let step = translator.received(packets, into: &bytes)
        if step.form == .unchanged { Self.append(packets.extracting(..<step.consumed), to: &bytes) }
        switch step.event {
        case .more: break
        case .ended: hasEnded = true
        case .localInfile: refuse(.notOneResultSet)
        case .authContinues, .endless, .violation: refuse(.malformed)
        }
        return step.consumed
    }

    private static func append(_ part: Span<UInt8>, to buffer: inout [UInt8]) {
        part.withUnsafeBufferPointer { buffer.append(contentsOf: $0) }
    }

    private mutating func refuse(_ reason: NotKept) {
        refusal = refusal ?? reason
        (bytes, rest) = ([], [])
    }

    private func content() throws(NotKept) -> AnswerContent {
        guard let first = PacketHeader(bytes.span), first.packetLength <= bytes.count else { throw .malformed }
        var (end, rows, definitions) = (first.packetLength, first.packetLength, translator.summary.columns)
        while let header = PacketHeader(bytes.span, at: end), end + header.packetLength < bytes.count {
            end += header.packetLength
            if definitions > 0 { (rows, definitions) = (end, definitions - 1) }
        }
        guard definitions == 0, let last = PacketHeader(bytes.span, at: end) else { throw .malformed }
        let head = try head(first)
        var kept: [UInt8] = []
        kept.reserveCapacity(head.count + end - first.packetLength)
        kept += head
        kept += bytes[first.packetLength..<end]
        return AnswerContent(
            bytes: kept, rowsStart: rows + head.count - first.packetLength, endSequence: last.sequence,
            warnings: translator.summary.warnings,
            status: translator.summary.status.intersection(AnswerContent.statementFlags))
    }

    /// The packet with the number of columns, without a word on whether their definitions follow.
    private func head(_ first: PacketHeader) throws(NotKept) -> ArraySlice<UInt8> {
        guard !capabilities.isDisjoint(with: Self.headerFlags) else { return bytes[..<first.packetLength] }
        let payload = bytes.span.extracting(PacketHeader.size..<first.packetLength)
        var reader = ByteReader(payload, of: "result header")
        guard (try? reader.lengthEncoded("the number of columns")) != nil else { throw .malformed }
        let count = PacketHeader.size..<PacketHeader.size + reader.offset
        guard reader.isAtEnd || payload[reader.offset] != 0 else { throw .withoutDefinitions }
        var writer = PacketWriter(sequence: 1)
        writer.append(bytes.span.extracting(count))
        return writer.take()[...]
    }
}
