import SQLText

extension CompiledRules {
    /// Goes through the rules that can match, in the order of their `rule_id`s.
    @inline(__always)
    func walk(
        _ progress: inout RouteProgress, _ decision: inout RouteDecision, _ subject: RouteSubject,
        _ question: RouteQuestion, _ settings: RouteSettings, _ scratch: RouteScratch,
        _ observer: inout some RouteObserver
    ) {
        enter(from: 0, progress.offer, subject, scratch)
        observer.entered(progress.offer.flag, from: 0)
        while let shape = nearest(scratch) {
            let cursor = scratch.cursors + shape
            if cursor.pointee.isGate {
                progress.offer.digest = scratch.digests.digest(of: progress.original, settings.digest).hash
                open(shape, from: cursor.pointee.position, progress.offer, subject, digestIsKnown: true, scratch)
                continue
            }
            let record = index.records.address(cursor.pointee.record)
            let position = record.pointee.position
            guard matches(record, progress.text, progress.original, subject, settings, scratch, &observer) else {
                advance(cursor)
                continue
            }
            observer.matched(position)
            scratch.count(position, inHits: settings.countsHits)
            let before = progress.offer.flag
            act(record, &progress, &decision, question, settings, scratch, &observer)
            progress.wasLastRuleFinal = record.pointee.isLast
            if decision.isTextTooLong || record.pointee.isLast { return }
            if progress.offer.flag == before {
                advance(cursor)
            } else {
                let isAnew = progress.iterationsLeft > 0
                if isAnew { progress.iterationsLeft -= 1 }
                enter(from: isAnew ? 0 : position + 1, progress.offer, subject, scratch)
                observer.entered(progress.offer.flag, from: isAnew ? 0 : position + 1)
            }
        }
    }

    /// Finds the rules of all shapes anew, for the flag in the key.
    @inline(__always)
    private func enter(
        from position: UInt32, _ offer: RuleOffer, _ subject: RouteSubject, _ scratch: RouteScratch
    ) {
        let isDigestKnown = scratch.digests.digest != nil
        var offer = offer
        if let digest = scratch.digests.digest { offer.digest = digest.hash }
        for shape in 0..<index.shapes.count {
            open(shape, from: position, offer, subject, digestIsKnown: isDigestKnown, scratch)
        }
    }

    /// Puts the cursor of a shape before its first rule from the position on.
    @inline(__always)
    private func open(
        _ number: Int, from position: UInt32, _ offer: RuleOffer, _ subject: RouteSubject, digestIsKnown: Bool,
        _ scratch: RouteScratch
    ) {
        let shape = index.shapes.address(number)
        let columns = shape.pointee.columns
        var cursor = RouteScratch.Cursor()
        defer { scratch.cursors[number] = cursor }
        if columns.contains(.digest), !digestIsKnown {
            let first = index.gate(offer, in: shape)
            guard first != RuleRecord.nothing else { return }
            cursor.position = max(first, position)
            cursor.isGate = true
        } else if let first = index.first(offer, in: shape, of: subject, names) {
            cursor.end = first &+ Int(index.records.address(first).pointee.groupCount)
            cursor.record = index.record(from: first, to: cursor.end, notBefore: position)
            guard cursor.record < cursor.end else { return }
            cursor.position = index.records.address(cursor.record).pointee.position
        }
    }

    /// The shape whose next rule comes first; nil when none is left.
    @inline(__always)
    private func nearest(_ scratch: RouteScratch) -> Int? {
        var best = 0
        var position = RuleRecord.nothing
        for shape in 0..<index.shapes.count where scratch.cursors[shape].position < position {
            position = scratch.cursors[shape].position
            best = shape
        }
        return position == RuleRecord.nothing ? nil : best
    }

    @inline(__always)
    private func advance(_ cursor: UnsafeMutablePointer<RouteScratch.Cursor>) {
        cursor.pointee.record &+= 1
        let isOver = cursor.pointee.record >= cursor.pointee.end
        cursor.pointee.position =
            isOver ? RuleRecord.nothing : index.records.address(cursor.pointee.record).pointee.position
    }
}

extension CompiledRules {
    /// Whether the conditions hold that no hash told.
    @inline(__always)
    private func matches(
        _ record: UnsafePointer<RuleRecord>, _ text: RouteText, _ original: RouteText, _ subject: RouteSubject,
        _ settings: RouteSettings, _ scratch: RouteScratch, _ observer: inout some RouteObserver
    ) -> Bool {
        guard record.pointee.conditions != RuleRecord.nothing else { return true }
        let conditions = conditions[Int(record.pointee.conditions)]
        let position = record.pointee.position
        if conditions.clientPrefix != .none, !names.isPrefix(conditions.clientPrefix, of: subject.clientAddress.bytes) {
            observer.failed(position, at: .clientAddress, givenUp: false)
            return false
        }
        if conditions.digestRegex != RuleRecord.nothing {
            _ = scratch.digests.digest(of: original, settings.digest)
            let outcome = scratch.searchDigest(regexes[Int(conditions.digestRegex)])
            if outcome == .found {
                observer.found(.matchDigest, of: position, by: scratch.matcher, in: scratch.digests.text)
            }
            guard holds(outcome, conditions, position, .matchDigest, &observer) else { return false }
        }
        guard conditions.textRegex != RuleRecord.nothing else { return true }
        let outcome = scratch.search(regexes[Int(conditions.textRegex)], text: text)
        if outcome == .found { observer.found(.matchPattern, of: position, by: scratch.matcher, in: text) }
        return holds(outcome, conditions, position, .matchPattern, &observer)
    }

    /// A search that was given up tells nothing, so that the rule doesn't match, negated or not.
    @inline(__always)
    private func holds(
        _ outcome: RegexMatcher.Outcome, _ conditions: RuleConditions, _ position: UInt32, _ condition: RuleCondition,
        _ observer: inout some RouteObserver
    ) -> Bool {
        let holds =
            switch outcome {
            case .found: !conditions.isNegated
            case .absent: conditions.isNegated
            case .givenUp: false
            }
        if !holds { observer.failed(position, at: condition, givenUp: outcome == .givenUp) }
        return holds
    }
}
