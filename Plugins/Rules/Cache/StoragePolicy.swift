/// Which answers a rule lets into the cache.
struct StoragePolicy: BitwiseCopyable, Sendable {
    /// The most bytes of an answer, headers included.
    var maximumBytes = 4 << 20
    /// Whether results without rows are kept: the rule's `cache_empty_result`, or the variable where that is NULL.
    var keepsEmpty = true
    /// Whether answers that left warnings are kept; a hit tells how many, but SHOW WARNINGS won't list them.
    var keepsWarnings = false
    /// Whether answers given inside a transaction are kept, which may hold what was never committed, or an old snapshot.
    var keepsInTransaction = false
}

/// Why an answer isn't kept.
enum NotKept: Error, BitwiseCopyable, Equatable, CaseIterable, Sendable {
    /// The server answered with an ERR.
    case error
    /// It isn't one result set: an OK, several results, or the server's wish for a file.
    case notOneResultSet
    /// It is longer than ``StoragePolicy/maximumBytes``.
    case tooLong
    /// It has no rows, and the rule keeps none such.
    case empty
    /// The statement left warnings.
    case warnings
    /// The session was inside a transaction already.
    case inTransaction
    /// The client negotiated to have definitions left out, and they were.
    case withoutDefinitions
    /// Its bytes break the protocol, or end too early.
    case malformed

    /// Whether the next execution is likely to end the same way, whoever asks: then nobody should wait for it.
    var isLasting: Bool {
        switch self {
        case .notOneResultSet, .tooLong, .empty, .warnings: true
        case .error, .inTransaction, .withoutDefinitions, .malformed: false
        }
    }
}
