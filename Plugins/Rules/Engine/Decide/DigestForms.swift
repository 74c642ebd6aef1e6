import SQLText

/// The digests of statements that come again and again with other integers in them, which no digest shows.
struct DigestForms: ~Copyable {
    // Not private: the compiler fails on a private type in a table that other files make and end.
    struct Known {
        let digest: StatementDigest
        let text: [UInt8]
    }

    /// Statements too long for it are read each time: those kept take 64 KB at most, their digests' texts included.
    private let inWork: TextInWork
    private var table = TextTable<Known>()
    /// The place of the form that was looked for in vain, whose digest may be kept.
    private var missed: TextPlace?
    private var options = DigestOptions()

    /// - Parameter inWork: what the loop's plugins share.
    init(_ inWork: TextInWork = TextInWork()) {
        self.inWork = inWork
    }

    /// The digest of the statement, whose text goes to `buffer`; nil where it isn't known.
    mutating func digest(
        of statement: Span<UInt8>, _ options: DigestOptions, into buffer: inout MutableSpan<UInt8>
    ) -> StatementDigest? {
        missed = nil
        if options != self.options { forget(options) }
        guard statement.count <= options.maxStatementLength, !options.keepComments, inWork.take(statement)
        else { return nil }
        let place = inWork.place()
        guard let known = table.known(of: inWork.form.span, at: place) else {
            missed = place
            return nil
        }
        buffer.withUnsafeMutableBytes { $0.copyBytes(from: known.text) }
        return known.digest
    }

    /// A digest was made of a statement that wasn't known.
    mutating func made(_ digest: StatementDigest, _ text: Span<UInt8>, of statement: Span<UInt8>) {
        guard let place = missed else { return }
        missed = nil
        let comesAgain = table.comesAgain(at: place)
        guard comesAgain, digest.firstComment == nil, !statement.mayQuoteNames else { return }
        let text = text.withUnsafeBufferPointer { Array($0) }
        table.keep(Known(digest: digest, text: text), of: inWork.form.span, at: place)
    }

    /// Digests are made otherwise from now on.
    private mutating func forget(_ options: DigestOptions) {
        self.options = options
        table = TextTable()
    }
}

extension Span<UInt8> {
    /// Whether there may be a quoted name in it, or a quoted variable, whose digits a digest shows.
    fileprivate var mayQuoteNames: Bool {
        index(of: UInt8(ascii: "`"), or: UInt8(ascii: "\""), from: 0) < count
            || index(of: UInt8(ascii: "@"), or: UInt8(ascii: "@"), from: 0) < count
    }
}
