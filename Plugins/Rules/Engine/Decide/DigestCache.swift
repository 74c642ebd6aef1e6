import SQLText

/// The digest of the statement in work, made when first asked for, and its text; reused from statement to statement.
final class DigestCache {
    /// The digest, where somebody has asked for it.
    private(set) var digest: StatementDigest?
    // Owned; the digest's text, as far as it fits, is at the begin.
    private var buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 2048)
    private var forms: DigestForms

    /// - Parameter inWork: what the loop's plugins share.
    init(_ inWork: TextInWork) {
        forms = DigestForms(inWork)
    }

    deinit {
        buffer.deallocate()
    }

    /// A new statement begins.
    @inline(__always)
    func forget() {
        digest = nil
    }

    /// The digest of the statement, which is made once.
    func digest(of statement: UnsafeBufferPointer<UInt8>, _ options: DigestOptions) -> StatementDigest {
        digest(of: statement.span, options)
    }

    /// The digest of the statement, which is made once.
    func digest(of statement: Span<UInt8>, _ options: DigestOptions) -> StatementDigest {
        if let digest { return digest }
        if buffer.count < options.maxTextLength {
            buffer.deallocate()
            buffer = .allocate(capacity: options.maxTextLength)
        }
        var span = buffer.mutableSpan
        if let known = forms.digest(of: statement, options, into: &span) {
            digest = known
            return known
        }
        let new = StatementDigest(of: statement, options: options, into: &span)
        digest = new
        forms.made(new, text.span, of: statement)
        return new
    }

    /// The normalised text of the digest that was made last.
    var text: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: UnsafeBufferPointer(buffer)[..<min(digest?.textLength ?? 0, buffer.count)])
    }
}
