import SQLText

/// The digests of statements that come again and again with other integers in them, which no digest shows.
///
/// A form is kept from its second time on, and gives way to another one that comes twice in its place.
struct DigestForms {
    private struct Entry {
        let hash: UInt64
        let form: [UInt8]
        let digest: StatementDigest
        let text: [UInt8]
    }

    /// Longer statements are read each time: those kept take 64 KB at most, their digests' texts included.
    private static let longest = 256
    private static let size = 128
    private var entries = [Entry?](repeating: nil, count: size)
    /// The hashes of the forms that came last, by the same place.
    private var candidates = [UInt64](repeating: 0, count: size)
    private var form = TextForm(longest: longest)
    /// The hash of the form that was looked for in vain, and whether its digest may be kept.
    private var missed: UInt64?
    private var options = DigestOptions()

    private static func place(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash &>> 32) & (size - 1) }

    /// The digest of the statement, whose text goes to `buffer`; nil where it isn't known.
    mutating func digest(
        of statement: Span<UInt8>, _ options: DigestOptions, into buffer: inout MutableSpan<UInt8>
    ) -> StatementDigest? {
        missed = nil
        if options != self.options { forget(options) }
        guard statement.count <= min(Self.longest, options.maxStatementLength), !options.keepComments,
            form.take(statement)
        else { return nil }
        let hash = form.bytes.placeHash
        guard let entry = entries[Self.place(of: hash)], entry.hash == hash, entry.form.span.isEqual(to: form.bytes)
        else {
            missed = hash
            return nil
        }
        buffer.withUnsafeMutableBytes { $0.copyBytes(from: entry.text) }
        return entry.digest
    }

    /// A digest was made of a statement that wasn't known.
    mutating func made(_ digest: StatementDigest, _ text: Span<UInt8>, of statement: Span<UInt8>) {
        guard let hash = missed else { return }
        missed = nil
        let place = Self.place(of: hash)
        if candidates[place] == hash, digest.firstComment == nil, !statement.mayQuoteNames {
            entries[place] = Entry(hash: hash, form: form.bytes.copied, digest: digest, text: text.copied)
        }
        candidates[place] = hash
    }

    /// Digests are made otherwise from now on.
    private mutating func forget(_ options: DigestOptions) {
        self.options = options
        entries = Array(repeating: nil, count: Self.size)
        candidates = Array(repeating: 0, count: Self.size)
    }
}

extension Span<UInt8> {
    /// Whether there may be a quoted name in it, or a quoted variable, whose digits a digest shows.
    fileprivate var mayQuoteNames: Bool {
        index(of: UInt8(ascii: "`"), or: UInt8(ascii: "\""), from: 0) < count
            || index(of: UInt8(ascii: "@"), or: UInt8(ascii: "@"), from: 0) < count
    }

    fileprivate var copied: [UInt8] { withUnsafeBufferPointer { Array($0) } }
}
