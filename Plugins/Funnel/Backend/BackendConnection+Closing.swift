import MySQLWire
import PluginAPI
import Pooling
import Streams

// The end that the funnel wants: what a session has left is read first, then the server closes.

extension BackendConnection {
    /// How long the server may take to close its side.
    private static let patience = TimeSpan.seconds(5)
    /// Servers close their socket a moment before they count the connection out.
    static let countingOut = TimeSpan.milliseconds(5)

    /// Closes; the book hears when the server has closed its side.
    func close() {
        guard phase == .ready else {
            if phase != .ended, phase != .closing { quit() }
            return
        }
        capture { [self] in
            if phase == .ready { quit() }
        }
    }

    private func quit() {
        // In the middle of a login the server would take it for an answer.
        let isLoggingIn = question?.command == .changeUser
        phase = .closing
        question = nil
        if isLoggingIn { return gone("it is closed while it logs in", couldConnect: true) }
        let quit: [UInt8] = [1, 0, 0, 0, Command.quit.rawValue]
        stream?.send(quit.span)
        worker.loop.setDeadline(worker.loop.now + Self.patience, for: self)
    }

    /// Both sides are closed.
    func closed() {
        worker.loop.schedule(at: worker.loop.now + Self.countingOut) { [self] in
            pool.tell(from: worker, frees: true) { book, now, steps in book.closed(id, now: now, &steps) }
        }
    }

    /// Whether nothing has to be read of what the last session has left on the connection; the session is its own no more
    /// then.
    func isLeft() -> Bool {
        guard let owner, owner.lastConnection === self else { return true }
        guard !owner.needsCapture else { return false }
        owner.captureEnded(on: self)
        return true
    }

    /// Reads what the last session has left on the connection and will want elsewhere; the session is its own no more.
    func capture(_ completion: @escaping () -> Void) {
        guard !isLeft(), let owner else { return completion() }
        guard let capture = owner.captureBegins() else {
            owner.captureEnded(on: self)
            return completion()
        }
        ask(each: capture.commands[...], []) { [self] answers in
            owner.captured(capture, answers, on: self)
            completion()
        }
    }

    /// Asks one after the other; the completion hears of all answers, of none where the connection has broken.
    func ask(
        each payloads: ArraySlice<[UInt8]>, _ answers: [InternalAnswer],
        _ completion: @escaping ([InternalAnswer]) -> Void
    ) {
        guard let first = payloads.first else { return completion(answers) }
        ask(first) { [self] answer in
            guard let answer else { return completion([]) }
            ask(each: payloads.dropFirst(), answers + [answer], completion)
        }
    }

    /// Takes off what the next session must not find, and gives the connection back.
    func cleanAndGiveBack() {
        switch state.cleaning {
        case .none: giveBack()
        case .close: discard()
        case .reset: reset { [self] in giveBack() }
        case .rollback:
            ask(ConnectionState.rollback) { [self] answer in
                guard let answer else { return }
                guard answer.isOK else { return discard() }
                state.cleaned()
                giveBack()
            }
        }
    }

    /// The session has gone while its statement ran, or was prepared; what was under way is complete.
    func orphanEnded() {
        isOrphaned = false
        guard phase == .ready else { return }
        // A reset leaves schema and role as they are, and what was under way may have changed them.
        discard()
    }

    /// Takes everything off the connection that a session has left: open transaction, locks, tables, variables.
    func reset(_ completion: @escaping () -> Void) {
        let wiped = wipedSettings
        ask(all: [Command.resetConnection.payload(), Self.tracking][...]) { [self] answer in
            guard let answer else { return }
            guard answer.isOK else { return discard() }
            self.wiped(wiped)
            completion()
        }
    }

    /// What switches the server's session tracking on.
    static let tracking = Command.query.payload(text: "SET " + SettingsDifference.tracking)

    /// What a reset leaves of the settings: it doesn't change schema, role and COM_SET_OPTION.
    var wipedSettings: SessionSettings {
        worker.funnel.settings.table.settings(settings.content.reset(to: worker.funnel.settings.fresh.content))
    }

    /// The connection was reset.
    func wiped(_ settings: SessionSettings) {
        statements.removeAll()
        state.wiped()
        lostTracking = false
        self.settings = settings
    }

    /// Gives the connection back: to the book, or for its last session to take it again.
    func giveBack() {
        session = nil
        pins = PinSet()
        let now = worker.loop.now
        let used = now.since(lentAt)
        let fit = state.cleaning == .none && !lostTracking ? settings.fit : .unknown
        if pool.letsKeep, lease.isOpen, now.since(grantedAt) < Self.longestKept {
            lease.giveBack(used: used, at: now, fit: fit)
            worker.leaseIsKept()
            // Somebody may have begun to wait between the two looks.
            guard !pool.letsKeep, lease.take() else { return }
        }
        returnToBook(used: used, fit: fit)
    }

    /// How long a session may keep its lease without a word to the book, so that age, limits and numbers count.
    static let longestKept = TimeSpan.milliseconds(100)

    /// The lease has been kept for long, and nobody uses it: it rests.
    func returnUnused() {
        guard lease.isUnused, worker.loop.now.since(grantedAt) >= Self.longestKept, lease.take() else { return }
        returnToBook(used: lease.usedLast, fit: lease.fit)
    }

    private func returnToBook(used: TimeSpan, fit: StateFit) {
        endLease(frees: true) { book, now, steps in
            book.returned(id, used: used, state: fit, now: now, &steps)
        }
    }

    /// Nobody can use the connection again.
    func discard() {
        session = nil
        let used = worker.loop.now.since(lentAt)
        endLease { book, now, steps in book.discarded(id, used: used, now: now, &steps) }
    }

    /// Tells the book the event that ends the lease, and before it what it has not heard of.
    func endLease(frees: Bool = false, _ event: (inout LeaseBook, MonotonicTime, inout [LeaseStep]) -> Void) {
        let kept = lease.end()
        pool.tell(from: worker, frees: frees) { book, now, steps in
            book.kept(id, times: kept.times, used: kept.used)
            event(&book, now, &steps)
        }
    }
}
