/// What is known in the middle of a decision.
struct RouteProgress: ~Copyable {
    /// What the statement offers to equality conditions; its digest is right once asked for.
    var offer: RuleOffer
    /// The statement as it came.
    let original: RouteText
    /// The statement as rewritten so far.
    var text: RouteText
    var iterationsLeft: UInt32
    var wasLastRuleFinal = false

    @inline(__always)
    init(_ text: RouteText, of subject: RouteSubject, iterations: UInt32) {
        offer = RuleOffer(
            username: subject.username.hash, schemaname: subject.schemaname.hash,
            clientAddress: subject.clientAddress.hash, proxyAddress: subject.proxyAddress.hash,
            proxyPort: subject.proxyPort.map(UInt32.init) ?? RuleKey.noPort)
        original = text
        self.text = text
        iterationsLeft = iterations
    }

    /// The statement where rewriting has changed it.
    var rewritten: [UInt8]? {
        text.baseAddress == original.baseAddress || text.elementsEqual(original) ? nil : Array(text)
    }
}

extension CompiledRules {
    /// What to do with a statement; nothing is allocated unless it is rewritten, answered or has hints.
    func decide(
        _ text: Span<UInt8>, of subject: RouteSubject, _ question: RouteQuestion,
        _ settings: RouteSettings, _ scratch: RouteScratch
    ) -> RouteDecision {
        var decision = RouteDecision()
        decide(text, of: subject, question, settings, scratch, into: &decision)
        return decision
    }

    /// The same in memory that is used again: a decision has many bytes, and a reference, to hand round.
    func decide(
        _ text: Span<UInt8>, of subject: RouteSubject, _ question: RouteQuestion,
        _ settings: RouteSettings, _ scratch: RouteScratch, into decision: inout RouteDecision
    ) {
        var observer = NoObserver()
        decide(text, of: subject, question, settings, scratch, into: &decision, &observer)
    }

    /// The same with somebody who looks on.
    func decide(
        _ text: Span<UInt8>, of subject: RouteSubject, _ question: RouteQuestion, _ settings: RouteSettings,
        _ scratch: RouteScratch, _ observer: inout some RouteObserver
    ) -> RouteDecision {
        var decision = RouteDecision()
        decide(text, of: subject, question, settings, scratch, into: &decision, &observer)
        return decision
    }

    @inline(__always)
    private func decide(
        _ text: Span<UInt8>, of subject: RouteSubject, _ question: RouteQuestion, _ settings: RouteSettings,
        _ scratch: RouteScratch, into decision: inout RouteDecision, _ observer: inout some RouteObserver
    ) {
        decision = RouteDecision()
        text.withUnsafeBufferPointer { text in
            scratch.begin(self, isDigestKnown: question.isDigestKnown)
            var progress = RouteProgress(text, of: subject, iterations: settings.iterations)
            if let flag = question.flag {
                progress.offer.flag = flag
                if count > 0 { walk(&progress, &decision, subject, question, settings, scratch, &observer) }
            }
            observer.ended()
            route(progress, &decision, subject, settings, &observer)
            if settings.takesHints, question.kind != .mirror {
                takeHints(progress.original, &decision, settings, scratch, &observer)
            }
            decision.flag = progress.offer.flag
            if let rewritten = progress.rewritten { decision.text = rewritten }
        }
    }

    /// Fast routing: by user and schema, then for all users.
    @inline(__always)
    private func route(
        _ progress: borrowing RouteProgress, _ decision: inout RouteDecision, _ subject: RouteSubject,
        _ settings: RouteSettings, _ observer: inout some RouteObserver
    ) {
        guard fastRoutes.count > 0 else { return }
        guard !progress.wasLastRuleFinal else { return observer.skippedFastRouting() }
        let flag = progress.offer.flag
        var destination = fastRoutes.destination(
            subject.username, subject.schemaname, flag: flag, names, counting: settings.countsHits)
        observer.lookedUp(forAllUsers: false, flag: flag, destination: destination)
        if destination == nil, fastRoutes.hasRowsForAllUsers {
            destination = fastRoutes.destination(
                SessionName.empty, subject.schemaname, flag: flag, names, counting: settings.countsHits)
            observer.lookedUp(forAllUsers: true, flag: flag, destination: destination)
        }
        guard let destination else { return }
        decision.destination = destination
        decision.source = .fastRoute
    }
}
