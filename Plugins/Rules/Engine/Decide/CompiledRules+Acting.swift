extension CompiledRules {
    /// Does what a matching rule says; a later rule's word counts.
    @inline(__always)
    func act(
        _ record: UnsafePointer<RuleRecord>, _ progress: inout RouteProgress, _ decision: inout RouteDecision,
        _ question: RouteQuestion, _ settings: RouteSettings, _ scratch: RouteScratch,
        _ observer: inout some RouteObserver
    ) {
        if record.pointee.destination != RuleRecord.nothing {
            decision.destination = record.pointee.destination
            decision.source = .rule
        }
        if record.pointee.actions != RuleRecord.nothing {
            let actions = actions.address(Int(record.pointee.actions))
            decide(actions, &decision)
            if let replacement = actions.pointee.replacement, question.kind != .execution {
                let template = replacements[Int(replacement)]
                decision.isTextTooLong = !rewrite(
                    record, template, actions.pointee.replacesEverywhere, &progress, settings, scratch, &observer)
            }
            if let flags = actions.pointee.weightedFlags {
                progress.offer.flag = scratch.pick(weightedFlags[Int(flags)])
                observer.pickedFlag(progress.offer.flag, of: record.pointee.position)
            }
        }
        if record.pointee.flagOut != RuleRecord.nothing { progress.offer.flag = record.pointee.flagOut }
    }

    @inline(__always)
    private func decide(_ actions: UnsafePointer<RuleActions>, _ decision: inout RouteDecision) {
        if let ttl = actions.pointee.cacheTTL { decision.cacheTTL = ttl }
        if let caches = actions.pointee.cachesEmptyResult { decision.cachesEmptyResult = caches }
        if let timeout = actions.pointee.timeout { decision.timeout = timeout }
        if let retries = actions.pointee.retries { decision.retries = retries }
        if let delay = actions.pointee.delay { decision.delay = delay }
        if let flag = actions.pointee.nextQueryFlagIn { decision.nextQueryFlagIn = flag }
        if let flag = actions.pointee.mirrorFlagOut { decision.mirrorFlagOut = flag }
        if let hostgroup = actions.pointee.mirrorHostgroup { decision.mirrorHostgroup = hostgroup }
        if let hostgroup = actions.pointee.gtidFromHostgroup { decision.gtidFromHostgroup = hostgroup }
        if let multiplex = actions.pointee.multiplex { decision.multiplex = Multiplexing(rawValue: multiplex) }
        if let isLogged = actions.pointee.isLogged { decision.isLogged = isLogged }
        if let message = actions.pointee.errorMessage { decision.errorMessage = messages[Int(message)] }
        if let message = actions.pointee.okMessage { decision.okMessage = messages[Int(message)] }
    }

    /// Replaces what the rule's pattern found, for which the matcher still has the place; false when that is too long.
    private func rewrite(
        _ record: UnsafePointer<RuleRecord>, _ template: ReplaceTemplate, _ everywhere: Bool,
        _ progress: inout RouteProgress, _ settings: RouteSettings, _ scratch: RouteScratch,
        _ observer: inout some RouteObserver
    ) -> Bool {
        let regex = regexes[Int(conditions[Int(record.pointee.conditions)].textRegex)]
        let replaced = scratch.replaced(
            progress.text, regex, by: template, everywhere: everywhere, limit: settings.longestText)
        guard let replaced else { return false }
        progress.text = replaced
        observer.rewrote(record.pointee.position, to: replaced)
        return true
    }
}
