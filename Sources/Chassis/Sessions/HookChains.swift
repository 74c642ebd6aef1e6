import PluginAPI
import ProxyCore

/// The workers of one loop, sorted once into one chain a phase, in the order of `--plugins`.
struct HookChains {
    private(set) var connect: [any ConnectHook] = []
    private(set) var handshake: [any HandshakeHook] = []
    private(set) var auth: [any AuthHook] = []
    private(set) var authResult: [any AuthResultHook] = []
    private(set) var query: [Querying] = []
    private(set) var statement: [any StatementHook] = []
    private(set) var answer: [any AnswerHook] = []
    private(set) var disconnect: [any DisconnectHook] = []
    /// The phases with at least one hook; a phase that is missing here costs a branch.
    private(set) var subscribed: PhaseSet = []

    /// A query hook, and the same worker's hook for the results of what it injects: a conformance is slow to look up.
    struct Querying {
        let hook: any QueryHook
        let results: (any ResultHook)?
    }

    /// Conformance is the subscription: each worker is asked once which hook protocols it has.
    init(workers: [any PluginWorker]) {
        for worker in workers {
            if let hook = worker as? any ConnectHook { add(hook, to: \.connect, .connect) }
            if let hook = worker as? any HandshakeHook { add(hook, to: \.handshake, .handshake) }
            if let hook = worker as? any AuthHook { add(hook, to: \.auth, .auth) }
            if let hook = worker as? any AuthResultHook { add(hook, to: \.authResult, .authResult) }
            if let hook = worker as? any QueryHook {
                add(Querying(hook: hook, results: worker as? any ResultHook), to: \.query, .query)
            }
            if let hook = worker as? any StatementHook { add(hook, to: \.statement, .statement) }
            // Who wants to hear of answers needs to know where commands begin.
            if let hook = worker as? any AnswerHook { add(hook, to: \.answer, .statement) }
            if let hook = worker as? any DisconnectHook { add(hook, to: \.disconnect, .disconnect) }
        }
    }

    /// The phases that a worker has hooks for, by their names; `drain` is the end of the last session.
    static func names(of worker: any PluginWorker) -> [String] {
        let chains = HookChains(workers: [worker])
        let phases = Phase.allCases.filter { chains.subscribed.contains($0) }.map { "\($0)" }
        return phases + (worker is any ResultHook ? ["result"] : []) + (worker is any DrainHook ? ["drain"] : [])
    }

    private mutating func add<Hook>(_ hook: Hook, to chain: WritableKeyPath<Self, [Hook]>, _ phase: Phase) {
        self[keyPath: chain].append(hook)
        subscribed.insert(PhaseSet(phase))
    }
}
