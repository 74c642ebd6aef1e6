import Pooling
import TestSupport

extension LeaseSimulation {
    func pinOrUnpin() {
        let number = random.below(sessions.count)
        guard case .holding(let id) = sessions[number].state, model.connections[id] != nil else { return }
        let reason = PinReason.allCases[random.below(PinReason.allCases.count)]
        if model.connections[id]?.pins.contains(reason) == true {
            model.connections[id]?.pins.remove(reason)
            if fault != .forgottenUnpin { book.unpinned(id, reason) }
        } else {
            model.connections[id]?.pins.insert(reason)
            book.pinned(id, reason)
        }
        conclude()
    }

    /// A client dies.
    func cancel() {
        let number = random.below(sessions.count)
        switch sessions[number].state {
        case .waiting(let id):
            sessions[number].state = .idle
            model.waiting[id] = nil
            model.cancelled += 1
            if fault == .lostCancellation { break }
            let isCancelled = book.cancelled(id, now: now, &steps)
            model.expect(isCancelled, "a waiter was not found in the queue")
        case .granted(let id):
            sessions[number].state = .gone
            let isCancelled = book.cancelled(id, now: now, &steps)
            model.expect(!isCancelled, "an answered waiter was found in the queue")
        case .idle, .gone, .holding: break
        }
        conclude()
    }

    /// A connection breaks, whatever it does.
    func loseConnection() {
        let ids = model.connections.keys.sorted { $0.slot < $1.slot }
        guard !ids.isEmpty else { return }
        let id = ids[random.below(ids.count)]
        if model.connections[id]?.state == .opening { model.backOff.failed(now: now) }
        model.connections[id] = nil
        let holder = sessions.firstIndex { $0.state == .holding(id) }
        book.lost(id, now: now, &steps)
        conclude()
        guard let holder else { return }
        if random.oneIn(2) { ask(holder) } else { sessions[holder].state = .idle }
    }

    func up() {
        model.downSince = nil
        model.backOff.succeeded()
        book.backendUp(now: now, &steps)
        conclude()
    }

    func changeDrain() {
        model.isDraining.toggle()
        if model.isDraining { book.drained(now: now, &steps) } else { book.undrained(now: now, &steps) }
        conclude()
    }

    func changePolicy() {
        model.policy = Self.policy(&random)
        book.policyChanged(to: Self.tampered(model.policy, by: fault), now: now, &steps)
        conclude()
    }

    func passTime(_ span: TimeSpan) {
        now = now + span
        if fault == .lostTime { return }
        book.timePassed(now: now, &steps)
        conclude()
        model.expect(book.nextDue.map { $0 > now } ?? true, "time passed, and the same time is due again")
        for waiter in model.waiting.values {
            model.expect(now < waiter.arrived + model.policy.backlogTimeout, "a waiter was not told its time is over")
        }
    }

    // MARK: The end

    /// Nobody asks any more and nothing fails: everything that waits is served or refused, and all steps are done.
    func finish() {
        isEnding = true
        guard model.violations.isEmpty else { return }
        if model.isDraining { changeDrain() }
        if model.downSince != nil { up() }
        var rounds = 0
        while model.violations.isEmpty, !isOver, rounds < 20_000 {
            rounds += 1
            finalRound()
        }
        guard model.violations.isEmpty else { return }
        model.expect(isOver, "a standstill: \(model.waiting.count) wait, \(model.count(.leased)) leased")
        checkEnd()
    }

    private var isOver: Bool {
        model.waiting.isEmpty && underWay.isEmpty && mailboxes.allSatisfy(\.isEmpty)
            && model.connections.values.allSatisfy { $0.state == .resting }
            && !(model.isFailing && isBelowMinimum)
    }

    private var isBelowMinimum: Bool {
        let kept = min(model.policy.minimum, model.policy.maximum, model.policy.userMaximum)
        let hasRequests = book.statistics.requests > 0 && book.statistics.refusals[.loginRefused] == 0
        return hasRequests && model.connections.count < kept
    }

    private func checkEnd() {
        model.expect(!isBelowMinimum, "fewer connections are kept than the minimum")
        let statistics = book.statistics
        let ended = statistics.opened + statistics.openFailures
        let here = model.connections.count
        model.expect(ended - statistics.closed.total == here, "opened and closed do not come to \(here)")
    }
}
