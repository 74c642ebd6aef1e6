import MySQLWire
import ProxyCore
import TestSupport
import Testing

@Suite("Answer translator: what MariaDB sends each kind of client")
struct AnswerTranslatorRecordingTests {
    /// Answers on one connection, and what they have to become.
    struct Pair: Sendable, CustomTestStringConvertible {
        var from: TranslationFixtures.Profile
        var to: TranslationFixtures.Profile

        var testDescription: String { "\(from.testDescription) to \(to.testDescription)" }
    }

    static let pairs: [Pair] = {
        let (backend, classic) = (TranslationFixtures.backendProfile, TranslationFixtures.classicProfile)
        let (deprecated, tracked) = (TranslationFixtures.deprecatedProfile, TranslationFixtures.trackedProfile)
        return [
            Pair(from: backend, to: classic), Pair(from: backend, to: deprecated), Pair(from: backend, to: tracked),
            Pair(from: tracked, to: classic), Pair(from: tracked, to: deprecated), Pair(from: tracked, to: tracked),
            Pair(from: classic, to: deprecated), Pair(from: deprecated, to: classic), Pair(from: classic, to: classic),
        ]
    }()

    /// Where a server's own answer can't be foretold: flags that only the statement's end tells.
    ///
    /// The EOF behind columns is sent when MariaDB already knows of indexes, more results and an opened transaction.
    /// Both EOFs tell clients that don't track their session of changes in a called function.
    private func comparable(_ bytes: [UInt8], _ command: Command) -> [[UInt8]] {
        let packets = bytes.packets
        return packets.enumerated().map { index, packet in
            var payload = packet.payload
            if payload.count == 5, payload[0] == 0xFE {
                payload[4] &= 0xBF
                let isLast = index + 1 == packets.count
                if !isLast, packets[index - 1].payload.starts(with: [3, 0x64, 0x65]) {
                    payload[3] &= command == .execute ? ~0x21 : 0x02
                }
            }
            return [packet.sequence] + payload
        }
    }

    private func patches(_ wanted: RecordedAnswer) -> AnswerPatches {
        guard wanted.command == .prepare, let head = wanted.packets.first?.payload, head[0] == 0 else {
            return AnswerPatches()
        }
        return AnswerPatches(statementID: UInt32(head[1]) | UInt32(head[2]) << 8)
    }

    /// Translates all recordings of a connection; `pieces` makes the sizes of what comes at once.
    private func translateAll(_ pair: Pair, pieces: () -> Int) throws {
        var translator = AnswerTranslator(backend: pair.from.capabilities, client: pair.to.capabilities)
        var status = StatusFlags.autocommit
        for recording in pair.from.recordings {
            let wanted = try pair.to.recording(recording.name)
            translator.begin(recording, status: status, patches: patches(wanted))
            let translation = translator.feed(recording.bytes, pieces: pieces)
            #expect(translation.event == (recording.name == "infileAsk" ? .localInfile : .ended), "\(recording.name)")
            #expect(translation.consumed == recording.bytes.count, "\(recording.name)")
            if translator.hasStatus { status = translator.summary.status }
            // The order of an OK's variables is the server's: one with all of them on has another one.
            if recording.name == "setNames", pair.to.capabilities.contains(.sessionTrack) { continue }
            #expect(
                comparable(translation.output, recording.command) == comparable(wanted.bytes, recording.command),
                "\(recording.name)")
        }
    }

    @Test("an answer becomes what a direct connection got", arguments: pairs)
    func whole(_ pair: Pair) throws {
        try translateAll(pair) { Int.max }
    }

    @Test("tears change nothing", arguments: pairs)
    func torn(_ pair: Pair) throws {
        try translateAll(pair) { 1 }
        for seed in UInt64(0)..<8 {
            var generator = SplitMix64(seed: seed)
            try translateAll(pair) { Int.random(in: 1...40, using: &generator) }
        }
    }

    @Test("torn or whole, the translator ends up the same and so do its bytes", arguments: pairs)
    func tornExactly(_ pair: Pair) {
        for recording in pair.from.recordings {
            var whole = AnswerTranslator(backend: pair.from.capabilities, client: pair.to.capabilities)
            whole.begin(recording)
            let expected = whole.feed(recording.bytes)
            var torn = AnswerTranslator(backend: pair.from.capabilities, client: pair.to.capabilities)
            torn.begin(recording)
            let found = torn.feed(recording.bytes) { 1 }
            #expect(found.output == expected.output, "\(recording.name)")
            #expect(torn == whole, "\(recording.name)")
        }
    }

    @Test("no byte past the end is taken", arguments: pairs)
    func coalesced(_ pair: Pair) {
        for recording in pair.from.recordings {
            for tail: [UInt8] in [[0], [1, 0, 0, 1, 0xFE], recording.bytes] {
                var alone = AnswerTranslator(backend: pair.from.capabilities, client: pair.to.capabilities)
                var followed = alone
                alone.begin(recording)
                followed.begin(recording)
                let expected = alone.feed(recording.bytes)
                let found = followed.feed(recording.bytes + tail)
                #expect(found.output == expected.output, "\(recording.name)")
                #expect(found.consumed == recording.bytes.count, "\(recording.name)")
            }
        }
    }

    @Test("an answer that comes at once is dealt with as byte by byte", arguments: pairs)
    func wholeAndInPieces(_ pair: Pair) {
        for recording in pair.from.recordings {
            var whole = AnswerTranslator(backend: pair.from.capabilities, client: pair.to.capabilities)
            var inPieces = whole
            whole.begin(recording)
            inPieces.begin(recording)
            let atOnce = whole.feed(recording.bytes)
            #expect(inPieces.feed(recording.bytes, pieces: { 1 }).output == atOnce.output, "\(recording.name)")
            #expect(whole == inPieces, "\(recording.name)")
        }
    }

    @Test("between equals, answers without news of the session aren't copied")
    func unchanged() {
        let tracked = TranslationFixtures.trackedProfile
        var translator = AnswerTranslator(backend: tracked.capabilities, client: tracked.capabilities)
        for recording in tracked.recordings {
            translator.begin(recording)
            #expect(translator.feed(recording.bytes).isUnchanged, "\(recording.name)")
        }
    }

    @Test("a tracking client is told the three character sets of SET NAMES")
    func setNames() throws {
        let (backend, tracked) = (TranslationFixtures.backendProfile, TranslationFixtures.trackedProfile)
        var translator = AnswerTranslator(backend: backend.capabilities, client: tracked.capabilities)
        let recording = try backend.recording("setNames")
        translator.begin(recording)
        let output = translator.feed(recording.bytes).output
        func told(_ bytes: [UInt8]) throws -> [SessionStateChange] {
            let payload = Array(bytes.dropFirst(4))
            return try OKPacket(decoding: payload.span, capabilities: tracked.capabilities).changes
        }
        let wanted = try told(tracked.recording("setNames").bytes)
        #expect(wanted.count == 3)
        #expect(Set(try told(output)) == Set(wanted))
    }

    @Test("the summary is the scanner's", arguments: pairs)
    func summaries(_ pair: Pair) {
        for recording in pair.from.recordings {
            var translator = AnswerTranslator(backend: pair.from.capabilities, client: pair.to.capabilities)
            translator.begin(recording)
            _ = translator.feed(recording.bytes)
            var scanner = ResultScanner(capabilities: pair.from.capabilities)
            scanner.commandSent(recording.command, lastSequence: recording.lastSequence)
            _ = scanner.received(recording.bytes)
            #expect(translator.summary == scanner.summary, "\(recording.name)")
            #expect(translator.hasStatus == scanner.hasStatus, "\(recording.name)")
        }
    }
}
