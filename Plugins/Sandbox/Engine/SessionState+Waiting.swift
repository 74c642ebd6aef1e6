import Foundation

extension SessionState {
    /// Waits a moment for the session that writes.
    ///
    /// SQLite's own wait grows to 100 ms a try, in which many others get ahead, and it outlasts a client that is gone.
    ///
    /// - Parameter tries: how often this wait was called for the same lock.
    /// - Returns: whether to try again; not beyond `innodb_lock_wait_timeout` or the session's end.
    func waitForWriter(tries: Int) -> Bool {
        let now = ContinuousClock.now
        let limit = Duration.seconds(lockWait)
        let mayWait = with { values in
            if tries == 0 { values.waitsSince = now }
            return !values.isEnded && values.waitsSince.duration(to: now) < limit
        }
        // The random part keeps waiters from trying all at once.
        if mayWait { Thread.sleep(forTimeInterval: Double.random(in: 0.0005...0.005)) }
        return mayWait
    }
}
