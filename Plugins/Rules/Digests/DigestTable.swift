/// What a table of digests may take.
package struct DigestLimits: BitwiseCopyable, Equatable, Sendable {
    /// Entries; 0 counts nothing.
    package let entries: Int
    /// Bytes of normalised texts and owners, which fewer entries may use up when their texts are long.
    package let sharedBytes: Int

    /// The limits of one loop's table.
    ///
    /// - Parameters:
    ///   - total: `mysql-query_digests_max`, which is the process's: each loop gets an equal part, rounded up.
    ///   - bytesPerEntry: what an entry's text and owner may take on average, all entries together.
    package init(total: Int, loops: Int, bytesPerEntry: Int = 768) {
        let loops = max(loops, 1)
        // More slots than an index can name, 2^31, would need 200 GB anyway.
        entries = min(max(total, 0) / loops + (max(total, 0) % loops > 0 ? 1 : 0), 1 << 31)
        sharedBytes = entries * min(max(bytesPerEntry, 0), 1 << 20)
    }
}

/// Counts statements by digest, owner and hostgroup: one event loop's own, without locks.
///
/// Counting a statement whose entry exists allocates nothing. A full table gives up the entry that wasn't used for the
/// longest time.
package struct DigestTable: Sendable {
    let limits: DigestLimits
    /// The process's own, so that nobody can make up digests that all fall on one place of an index.
    let seed = UInt64(bitPattern: Int64(Hasher().finalize()))
    var entries = PagedSlots<DigestEntry>()
    var owners = SharedSlots<DigestOwner>()
    var texts = SharedSlots<DigestText>()
    var index = SlotIndex()
    var recency = RecencyList()
    var free: [UInt32] = []
    /// Digests in use.
    package internal(set) var count = 0
    /// Entries given up for others since the table was made; a reset leaves the number.
    package internal(set) var evictions: UInt64 = 0

    package init(_ limits: DigestLimits) {
        self.limits = limits
    }

    /// The bytes that the table takes.
    package var memory: Int {
        entries.memory + owners.memory + texts.memory + index.memory + recency.memory
            + free.capacity * MemoryLayout<UInt32>.stride
    }

    /// The text of a digest that the table knows; nil for one that is new.
    @inline(__always)
    package func text(of digest: UInt64) -> DigestText? {
        texts.slot(digest.mixed(with: seed), where: { $0.digest == digest }).flatMap { texts.object($0) }
    }

    /// Counts a statement that has ended.
    ///
    /// - Parameter owner: the session's; replaced by an equal one where the table has one already.
    @inline(__always)
    package mutating func count(_ text: DigestText, of owner: inout DigestOwner, _ run: DigestRun) {
        if countKnown(text.digest, owner.key, run) { return }
        countUnknown(text, &owner, run)
    }

    @inline(__always)
    mutating func countKnown(_ digest: UInt64, _ owner: DigestOwner.Key, _ run: DigestRun) -> Bool {
        let hash = DigestEntry.hash(digest, owner.hash, run.hostgroup)
        let found = index.slot(hash) { slot in
            let entry = entries[slot]
            return entry.digest == digest && entry.owner == owner.identity && entry.hostgroup == run.hostgroup
        }
        guard let slot = found else { return false }
        entries[slot].counts.add(run)
        recency.use(slot)
        return true
    }
}

extension UInt64 {
    /// A hash for an index, which wants its upper half mixed; who doesn't know the seed can't aim at one place.
    @inline(__always)
    func mixed(with seed: UInt64) -> UInt64 {
        let product = (self ^ seed) &* 0x9E37_79B9_7F4A_7C15
        return (product ^ product &>> 32) &* 0xD6E8_FEB8_6659_FD93
    }
}
