import MySQLWire
import ProxyCore
import TestSupport
import Testing

/// The same commands' answers, recorded on connections that negotiated different things; see `RecordedAnswers`.
enum TranslationFixtures {
    /// Recordings of one connection, in their order.
    struct Profile: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var recordings: [RecordedAnswer]

        var capabilities: Capabilities { recordings[0].capabilities }
        var deprecatesEOF: Bool { capabilities.contains(.deprecateEOF) }

        func recording(_ name: String) throws -> RecordedAnswer {
            try #require(recordings.first { $0.name == name })
        }
    }

    static let backendProfile = profile("backend", RecordedAnswers.backend)
    static let classicProfile = profile("classic", RecordedAnswers.classic)
    static let deprecatedProfile = profile("deprecated", RecordedAnswers.deprecated)
    static let trackedProfile = profile("tracked", RecordedAnswers.tracked)

    private static func profile(_ name: String, _ recordings: [RecordedAnswer]) -> Profile {
        Profile(testDescription: name, recordings: recordings)
    }
}

/// What a client was given.
struct Translation: Equatable {
    var output: [UInt8] = []
    var consumed = 0
    var event = ScanEvent.more
    var isUnchanged = true
    var mostUnconsumed = 0
}

extension AnswerTranslator {
    /// Feeds pieces of the given sizes, each time with what was left unconsumed in front.
    mutating func feed(_ bytes: [UInt8], pieces: () -> Int = { Int.max }) -> Translation {
        var translation = Translation()
        var presented = 0
        while presented < bytes.count, translation.event == .more {
            presented += min(bytes.count - presented, max(1, pieces()))
            let piece = Array(bytes[translation.consumed..<presented])
            let before = translation.output.count
            let step = received(piece.span, into: &translation.output)
            if step.form == .unchanged {
                #expect(translation.output.count == before)
                translation.output += piece[..<step.consumed]
            } else {
                translation.isUnchanged = false
            }
            translation.consumed += step.consumed
            translation.event = step.event
            translation.mostUnconsumed = max(translation.mostUnconsumed, presented - translation.consumed)
        }
        return translation
    }

    /// Begins a recorded command's answer.
    mutating func begin(
        _ recording: RecordedAnswer, status: StatusFlags = .autocommit,
        patches: AnswerPatches = AnswerPatches()
    ) {
        commandSent(
            recording.command, lastSequence: recording.lastSequence, clientSequence: recording.lastSequence &+ 1,
            status: status, patches: patches)
    }
}
