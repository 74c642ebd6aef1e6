import LuaVM
import MySQLWire
import PluginAPI

/// The proxy plugin on one loop with a script: asks its hooks, and chooses backends where it has no opinion.
final class LuaProxyWorker {
    let engine: LuaEngine
    let log: LuaErrorLog
    let host: any PluginHost
    /// Chooses a backend where the script doesn't.
    let fallback: ProxyWorker
    private let onError: LuaFailurePolicy
    private var scopes = PerSession<LuaSession?>(nil)
    private let source: ScriptSource
    /// Which of the source's versions new sessions get.
    private var generation: Int

    init(
        source: ScriptSource, limits: LuaLimits, services: LuaServices, host: any PluginHost, loop: any LoopContext,
        fallback: ProxyWorker
    ) throws(LuaError) {
        self.source = source
        generation = source.generation
        engine = try LuaEngine(
            script: source.script, limits: limits, services: services, now: { [unowned loop] in loop.now },
            parked: { [unowned loop] in loop.parkedConnections(to: $0, user: $1) })
        log = LuaErrorLog(host: host, loop: loop, errors: services.errors)
        onError = limits.onError
        self.host = host
        self.fallback = fallback
    }

    /// What the script has of the session; its top level runs at the first call.
    func scope(of session: Session) throws(LuaError) -> LuaSession {
        if let scope = scopes[session] { return scope }
        takeLatest()
        let scope = try engine.makeSession(session)
        scopes[session] = scope
        try engine.runTopLevel(for: scope)
        return scope
    }

    /// Sessions that begin from now on run the latest version.
    private func takeLatest() {
        guard generation != source.generation else { return }
        generation = source.generation
        do {
            try engine.replace(by: source.script)
        } catch {
            log.failed("reload", error)
        }
    }

    /// What the script has of a session that is past connect_server; nil where it never ran.
    func knownScope(of session: Session) -> LuaSession? { scopes[session] }

    /// Lets go of the session.
    func forget(_ session: Session) {
        scopes[session]?.end()
        scopes[session] = nil
    }

    /// Asks a hook without arguments that the script may have; an error is logged and answered as the option says.
    func ask<Verdict>(
        _ hook: LuaHook, _ scope: LuaSession, pass: Verdict, refuse: (SQLError) -> Verdict,
        _ decide: (LuaDecision) throws(LuaError) -> Verdict
    ) -> Verdict {
        do {
            guard let decision = try engine.call(hook, for: scope) else { return pass }
            return try decide(decision)
        } catch {
            return failed(hook.rawValue, error, pass: pass, refuse: refuse)
        }
    }

    /// Logs an error and answers what follows from it.
    func failed<Verdict>(
        _ place: String, _ error: LuaError, pass: Verdict, refuse: (SQLError) -> Verdict
    ) -> Verdict {
        log.failed(place, error)
        if let warning = engine.takeWarning() { log.write("(\(place)) \(warning)") }
        switch onError {
        case .pass: return pass
        case .refuse:
            return refuse(
                SQLError(
                    code: 1105, state: "07000", message: "(proxy) the Lua script failed in \(place); the log says why"))
        }
    }
}

extension Session {
    /// What client and server have agreed on, for payloads that a script makes or reads.
    var agreedCapabilities: Capabilities {
        guard let login, let greeting else { return [.protocol41] }
        return login.capabilities.intersection(greeting.capabilities)
    }

    /// The flags for an answer that no server gave.
    var answerStatus: StatusFlags {
        let kept = status.intersection([.inTransaction, .autocommit, .noBackslashEscapes])
        return kept.isEmpty ? .autocommit : kept
    }
}
