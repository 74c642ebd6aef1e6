import TestSupport
import Testing

/// Answers to COM_QUERY, recorded on connections that negotiated different things.
enum CacheRecordings {
    /// As the funnel's connections bring them; with EOF packets; with DEPRECATE_EOF and no more.
    static let all = [RecordedAnswers.backend, RecordedAnswers.classic, RecordedAnswers.deprecated]
    static let keepable = ["one", "rows", "types", "none"]

    static func recording(_ name: String, _ profile: Int = 0) throws -> RecordedAnswer {
        try #require(all[profile].first { $0.name == name })
    }
}
