package import SQLText

/// New entries, and those that go for them.
extension DigestTable {
    /// The text object for a statement that begins: the table's own, or a new one where the digest is new here.
    ///
    /// - Parameters:
    ///   - statement: for the command's name, which is read once for a digest.
    ///   - text: the normalised text as the digest's buffer has it.
    ///
    /// Changes nothing; who may change a class's property in place needn't copy it.
    package mutating func text(
        _ digest: UInt64, _ text: Span<UInt8>, of statement: Span<UInt8>, mode: SQLLexicalMode = []
    ) -> DigestText {
        if let known = self.text(of: digest) { return known }
        let bytes = text.withUnsafeBufferPointer { Array($0) }
        return DigestText(digest: digest, bytes: bytes, command: StatementCommand(of: statement, mode: mode))
    }

    @inline(never)
    mutating func countUnknown(_ text: DigestText, _ owner: inout DigestOwner, _ run: DigestRun) {
        guard limits.entries > 0 else { return }
        let wanted = owner
        if let slot = owners.slot(wanted.hash, where: { $0 == wanted }), let kept = owners.object(slot) {
            owner = kept
            if countKnown(text.digest, owner.key, run) { return }
        }
        // Before the new entry takes its objects: they may be the ones that go.
        makeRoom(for: text.memory + owner.memory)
        insert(text, owner, run)
    }

    private mutating func makeRoom(for bytes: Int) {
        while count > 0,
            count >= limits.entries || owners.objectMemory + texts.objectMemory + bytes > limits.sharedBytes
        {
            guard let oldest = recency.leastRecent else { return }
            evict(oldest)
            evictions &+= 1
        }
    }

    private mutating func insert(_ text: DigestText, _ owner: DigestOwner, _ run: DigestRun) {
        let slot = free.popLast().map { Int($0) } ?? entries.count
        var entry = DigestEntry(
            digest: text.digest, owner: ObjectIdentifier(owner), hostgroup: run.hostgroup, ownerSlot: keep(owner),
            textSlot: keep(text))
        entry.counts.add(run)
        if slot == entries.count { entries.append(entry) } else { entries[slot] = entry }
        index.insert(DigestEntry.hash(text.digest, owner.hash, run.hostgroup), slot)
        recency.add(slot)
        count += 1
    }

    private mutating func keep(_ owner: DigestOwner) -> UInt32 {
        if let slot = owners.slot(owner.hash, where: { $0 === owner }) {
            owners.use(slot)
            return slot
        }
        return owners.add(owner, owner.hash, memory: owner.memory)
    }

    private mutating func keep(_ text: DigestText) -> UInt32 {
        if let slot = texts.slot(text.digest.mixed(with: seed), where: { $0.digest == text.digest }) {
            texts.use(slot)
            return slot
        }
        return texts.add(text, text.digest.mixed(with: seed), memory: text.memory)
    }

    private mutating func evict(_ slot: Int) {
        let entry = entries[slot]
        guard let owner = owners.object(entry.ownerSlot), let text = texts.object(entry.textSlot) else { return }
        index.remove(DigestEntry.hash(entry.digest, owner.hash, entry.hostgroup), slot)
        recency.remove(slot)
        entries[slot].isUsed = false
        free.append(UInt32(truncatingIfNeeded: slot))
        owners.release(entry.ownerSlot, owner.hash, memory: owner.memory)
        texts.release(entry.textSlot, text.digest.mixed(with: seed), memory: text.memory)
        count -= 1
    }
}

extension DigestTable {
    /// What is counted up to now, for another thread; costs three references, and then a page's copy where the loop
    /// writes to one that is still held.
    package var snapshot: DigestSnapshot {
        DigestSnapshot(entries: entries, owners: owners.slots, texts: texts.slots)
    }

    /// Hands out what is counted up to now and starts anew; nothing is copied.
    package mutating func takeAll() -> DigestSnapshot {
        let taken = snapshot
        let evicted = evictions
        self = Self(limits)
        evictions = evicted
        return taken
    }
}
