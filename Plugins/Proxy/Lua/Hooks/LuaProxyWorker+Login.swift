import LuaVM
import MySQLWire
import PluginAPI

extension LuaProxyWorker: ConnectHook {
    func connect(_ session: Session) -> ConnectVerdict {
        let scope: LuaSession
        do {
            scope = try self.scope(of: session)
        } catch {
            let verdict: ConnectVerdict? = failed("the script's top level", error, pass: nil) { .refuse($0) }
            return verdict ?? fallback.connect(session)
        }
        scope.commandBegins()
        scope.chosenBackend = 0
        scope.isReusing = false
        let verdict: ConnectVerdict = ask(
            .connectServer, scope, pass: .next, refuse: { .refuse($0) },
            { decision throws(LuaError) in
                scope.isReusing = decision == .ignoreResult
                guard decision == .sendResult else { return .next }
                return try Self.greeting(try engine.response(of: scope))
            })
        if case .greet = verdict { scope.isServed = true }
        guard case .next = verdict else { return verdict }
        return chosen(scope) ?? fallback.connect(session)
    }

    private static func greeting(_ response: LuaResponse) throws(LuaError) -> ConnectVerdict {
        switch response {
        case .error(let error): return .refuse(error)
        case .raw(let packets):
            guard let greeting = packets.first, packets.count == 1 else {
                throw LuaError("connect_server answers one packet: proxy.response.packets = { greeting }")
            }
            return .greet(greeting)
        case .ok, .result:
            throw LuaError(
                "connect_server can't answer MYSQLD_PACKET_OK: a client expects a greeting "
                    + "(proxy.MYSQLD_PACKET_RAW) or an error (proxy.MYSQLD_PACKET_ERR)")
        }
    }

    /// The backend that the script has chosen, unless it is down.
    private func chosen(_ scope: LuaSession) -> ConnectVerdict? {
        let all = host.backends.all
        guard scope.chosenBackend > 0, scope.chosenBackend <= all.count, scope.session.failedConnects <= all.count
        else { return nil }
        let backend = all[scope.chosenBackend - 1]
        if host.servesSessions {
            scope.session.route = backend
            return nil
        }
        if backend.state == .down || backend.standing != .online { return nil }
        return scope.isReusing ? .reuse(backend) : .backend(backend)
    }
}

extension LuaProxyWorker: HandshakeHook, AuthHook, AuthResultHook {
    func handshake(_ packet: Span<UInt8>, in session: Session) -> HandshakeVerdict {
        guard let scope = knownScope(of: session) else { return .next }
        scope.commandBegins()
        return ask(
            .readHandshake, scope, pass: .next, refuse: { .refuse($0) },
            { decision throws(LuaError) in
                // PROXY_SEND_QUERY is mysql-proxy's old word for it.
                guard decision == .sendResult || decision == .sendQuery else { return .next }
                switch try engine.response(of: scope) {
                case .error(let error): return .refuse(error)
                case .raw(let packets): return .replace(packets.first ?? [])
                case .ok, .result:
                    throw LuaError(
                        "read_handshake can't answer MYSQLD_PACKET_OK: a client expects a greeting "
                            + "(proxy.MYSQLD_PACKET_RAW) or an error (proxy.MYSQLD_PACKET_ERR)")
                }
            })
    }

    func auth(_ packet: Span<UInt8>, in session: Session) -> AuthVerdict {
        guard let scope = knownScope(of: session) else { return .next }
        scope.commandBegins()
        let verdict: AuthVerdict = ask(
            .readAuth, scope, pass: .next, refuse: { .refuse($0) },
            { decision throws(LuaError) in
                switch decision {
                case .none, .ignoreResult: return .next
                case .sendQuery: return scope.queue.first.map { .replace($0.packet) } ?? .next
                case .sendResult: return .answer(try onePacket(scope))
                }
            })
        // The script is the server, and lets in whom it doesn't refuse.
        guard case .next = verdict, scope.isServed else { return verdict }
        return .answer(OKPacket(status: .autocommit).encode(capabilities: session.agreedCapabilities))
    }

    func authResult(_ packet: Span<UInt8>, in session: Session) -> AuthResultVerdict {
        guard let scope = knownScope(of: session) else { return .next }
        scope.commandBegins()
        do {
            let decision = try engine.call(
                .readAuthResult, for: scope, LuaText(packet), size: packet.count, asTable: true)
            return decision == .sendResult ? .replace(try onePacket(scope)) : .next
        } catch {
            return failed(LuaHook.readAuthResult.rawValue, error, pass: .next) { .replace($0.encode()) }
        }
    }

    /// `proxy.response` as the answer to a login.
    private func onePacket(_ scope: LuaSession) throws(LuaError) -> [UInt8] {
        let payloads = try engine.response(of: scope)
            .payloads(status: .autocommit, capabilities: scope.session.agreedCapabilities)
        guard payloads.count == 1 else {
            throw LuaError("a login is answered with one packet: an OK without resultset, an ERR or one RAW packet")
        }
        return payloads[0]
    }
}

extension LuaProxyWorker: DisconnectHook {
    func disconnect(_ session: Session) {
        fallback.disconnect(session)
        guard let scope = knownScope(of: session) else { return }
        ask(.disconnectClient, scope, pass: (), refuse: { _ in }, { _ throws(LuaError) in })
        forget(session)
    }
}
