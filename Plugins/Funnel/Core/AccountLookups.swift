import Accounts
import MySQLWire
import PluginAPI
import Pooling

/// The accounts that clients of one loop wait for: each is asked of a backend once, for all who want it.
final class AccountLookups {
    private unowned let worker: FunnelWorker
    private var waiting: [String: [(Result<Account?, SQLError>) -> Void]] = [:]
    private var underWay: [String: AccountLookup] = [:]

    init(worker: FunnelWorker) {
        self.worker = worker
    }

    /// Asks a backend for the account; the completion runs later, or at once where nobody can be asked.
    func find(_ user: String, _ completion: @escaping (Result<Account?, SQLError>) -> Void) {
        waiting[user, default: []].append(completion)
        guard underWay[user] == nil else { return }
        let lookup = AccountLookup(of: user, on: worker) { [unowned self] result in finish(user, result) }
        underWay[user] = lookup
        lookup.begin()
    }

    private func finish(_ user: String, _ result: Result<Account?, SQLError>) {
        underWay[user] = nil
        if case .success(let account) = result { worker.funnel.accounts.looked(user, account) }
        for completion in waiting.removeValue(forKey: user) ?? [] { completion(result) }
    }
}

/// One account, asked of a backend by the account that may read the others.
final class AccountLookup: Lessee {
    let id: SessionID
    private let user: String
    private unowned let worker: FunnelWorker
    private let completion: (Result<Account?, SQLError>) -> Void
    private var attempts = 0

    init(of user: String, on worker: FunnelWorker, _ completion: @escaping (Result<Account?, SQLError>) -> Void) {
        self.user = user
        self.worker = worker
        self.completion = completion
        id = worker.funnel.nextErrand()
    }

    func begin() {
        guard let authUser = worker.funnel.settings.authUser, let pool else {
            return completion(.success(nil))
        }
        worker.enter(self)
        attempts += 1
        let funnel = worker.funnel
        let number = funnel.users.number(of: BackendIdentity(user: authUser, traits: BackendIdentity.usualTraits))
        let request = LeaseRequest(
            session: id, user: number, account: funnel.users.account(of: number), loop: LoopID(worker.loop.index),
            ticket: funnel.nextTicket(), arrived: worker.loop.now)
        _ = pool.request(request, from: worker)
    }

    /// Where accounts are looked up: at the usual hostgroup's servers, else at any that is ready.
    private var pool: BackendPool? {
        let hostgroups = worker.funnel.host.backends.hostgroups
        let members = (Array(hostgroups[hostgroups.usual]) + hostgroups.members).filter { $0.row.status == .online }
        let member = members.first { $0.backend.isReady } ?? members.first
        return member.map { worker.pool(of: $0.backend) }
    }

    func granted(_ connection: BackendConnection) {
        guard let greeting = connection.pool.greeting else { return grantFailed(of: connection.pool) }
        let query = AuthQuery(greeting: greeting)
        connection.ask([Command.query.rawValue] + query.text(user: user).utf8) { [self] answer in
            guard let answer else { return grantFailed(of: connection.pool) }
            connection.giveBack()
            if let error = answer.error {
                worker.log(.warning) {
                    "accounts can't be looked up on \(connection.pool.backend.endpoint): \(error.message)"
                }
                return end(.failure(Self.unavailable("the server refuses to tell accounts")))
            }
            end(.success(query.account(user: user, rows: answer.rows, proxyAddress: connection.localHost)))
        }
    }

    func grantFailed(of pool: BackendPool) {
        guard attempts < 3 else { return end(.failure(Self.unavailable("connections to the server break"))) }
        begin()
    }

    func refused(_ refusal: LeaseRefusal, by pool: BackendPool) {
        if refusal.reason == .draining, attempts < 3, self.pool !== pool { return begin() }
        end(.failure(Self.unavailable(refusal.text(of: pool, worker.funnel))))
    }

    private func end(_ result: Result<Account?, SQLError>) {
        worker.leave(self)
        completion(result)
    }

    private static func unavailable(_ reason: String) -> SQLError {
        SQLError(code: 1129, state: "08S01", message: "(funnel) the account can't be looked up: \(reason)")
    }
}
