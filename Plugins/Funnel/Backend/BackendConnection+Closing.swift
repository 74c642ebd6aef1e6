import MySQLWire
import PluginAPI
import Pooling
import Streams

// The end that the funnel wants: what a session has left is read first, then the server closes.

extension BackendConnection {
    /// How long the server may take to close its side.
    private static let patience = TimeSpan.seconds(5)
    /// Servers close their socket a moment before they count the connection out.
    private static let countingOut = TimeSpan.milliseconds(5)

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
        phase = .closing
        question = nil
        let quit: [UInt8] = [1, 0, 0, 0, Command.quit.rawValue]
        stream?.send(quit.span)
        worker.loop.setDeadline(worker.loop.now + Self.patience, for: self)
    }

    /// Both sides are closed.
    func closed() {
        worker.loop.schedule(at: worker.loop.now + Self.countingOut) { [self] in
            pool.tell(from: worker) { book, now, steps in book.closed(id, now: now, &steps) }
        }
    }

    /// Reads what the last session has left on the connection and will want elsewhere.
    func capture(_ completion: @escaping () -> Void) {
        guard let owner, owner.lastConnection === self, let plan = owner.beginCapture() else { return completion() }
        Capturing(plan: plan, on: self, for: owner, completion).next()
    }

    /// The session has gone while its statement ran, or was prepared; what was under way is complete.
    func orphanEnded() {
        isOrphaned = false
        guard phase == .ready else { return }
        reset { [self] in giveBack() }
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
        (isDirty, lostTracking) = (false, false)
        self.settings = settings
    }

    /// Gives the connection back to the book.
    func giveBack() {
        session = nil
        pins = PinSet()
        let used = worker.loop.now.since(lentAt)
        pool.tell(from: worker) { book, now, steps in book.returned(id, used: used, now: now, &steps) }
    }

    /// Nobody can use the connection again.
    func discard() {
        session = nil
        let used = worker.loop.now.since(lentAt)
        pool.tell(from: worker) { book, now, steps in book.discarded(id, used: used, now: now, &steps) }
    }
}
