import PluginAPI
import Pooling

// Servers that come, go, pause and resume while the funnel runs: loop 0 tells their lease books.

extension Funnel {
    /// Has loop 0 follow every change of the servers.
    func observeServers() {
        host.backends.observe { [weak self] in
            self?.loops.post(to: 0) { $0.followServers() }
        }
    }
}

extension FunnelWorker {
    /// On loop 0: makes every lease book what the administrator wants of its server.
    func followServers() {
        guard !isEnding else { return }
        for pool in funnel.pools { follow(pool) }
    }

    /// Runs the job on this loop after loop 0 has followed all changes of the servers until now.
    func afterFollowing(_ job: @escaping (FunnelWorker) -> Void) {
        let (loops, origin) = (funnel.loops, index)
        let errand = Errand(job: job)
        loops.post(to: 0) { first in
            first.followServers()
            loops.post(to: origin) { errand.job($0) }
        }
    }

    /// Carries a closure to another loop and back.
    ///
    /// Invariant of the unchecked sendability: it is called and let go of on the loop that it came from, where its worker
    /// lives; the other loop only passes it on.
    private struct Errand: @unchecked Sendable {
        let job: (FunnelWorker) -> Void
    }

    private func follow(_ pool: BackendPool) {
        let backend = pool.backend
        let standing = backend.standing
        let (isPaused, policy) = (backend.isPaused, funnel.settings.lease(of: backend))
        if standing == .online, !pool.isFollowed { begin(pool) }
        pool.tell(from: self) { book, now, steps in
            if book.policy != policy { book.policyChanged(to: policy, now: now, &steps) }
            if isPaused { book.paused() } else { book.unpaused(now: now, &steps) }
            if standing == .online {
                book.undrained(now: now, &steps)
            } else if !book.isDraining {
                book.drained(now: now, &steps)
            }
        }
        if standing == .offlineHard { cutOff(pool) }
        if standing == .online, pool.look({ $0.downSince != nil }) { watch(pool) }
    }

    /// A server is there for the first time, or again: learns what it is, and opens the connections that are kept.
    private func begin(_ pool: BackendPool) {
        pool.isFollowed = true
        probe(pool)
        guard funnel.settings.lease.minimum > 0, let user = funnel.accounts.warmUser else { return }
        let number = funnel.users.number(of: BackendIdentity(user: user, traits: BackendIdentity.usualTraits))
        let account = funnel.users.account(of: number)
        pool.tell(from: self) { book, now, steps in book.warmed(for: number, of: account, now: now, &steps) }
    }

    /// Learns what the server is, unless its connections tell.
    private func probe(_ pool: BackendPool) {
        guard pool.tell(from: self, { book, _, _ in book.probeBegins() }) else { return }
        let probe = GreetingProbe(pool, on: self) { [unowned self] _ in
            pool.tell(from: self) { book, now, steps in book.probeEnded(now: now, &steps) }
        }
        probe.begin()
    }

    // MARK: OFFLINE_HARD

    /// Closes the server's connections on every loop.
    private func cutOff(_ pool: BackendPool) {
        funnel.loops.post { worker in
            for connection in worker.connections(of: pool) { connection.cutOff() }
        }
    }
}

extension BackendConnection {
    /// The server is OFFLINE_HARD: nothing is waited for any more. Its place counts until the server has closed its side.
    fileprivate func cutOff() {
        guard pool.backend.standing == .offlineHard else { return }
        switch phase {
        case .connecting, .login: gone("the server was set OFFLINE_HARD", couldConnect: true)
        case .ready, .asking, .relaying: takeFromSession()
        case .closing, .ended: break
        }
    }

    /// One at rest is closed by the lease book.
    private func takeFromSession() {
        guard session != nil || isOrphaned else { return }
        let (session, wasAnswering) = (session, phase == .relaying)
        self.session = nil
        session?.connectionLost(
            self, "server \(pool.backend.endpoint) was set OFFLINE_HARD", wasAnswering: wasAnswering)
        belong(to: nil)
        discard()
    }
}
