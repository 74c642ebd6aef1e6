import Accounts
import MySQLWire
import PluginAPI

/// Greeting, login and change of user.
extension ServerSideSession {
    func greet() {
        guard let scramble = Digest.scramble() else { return refuseWithoutRandom() }
        self.scramble = scramble
        let greeting = Greeting(
            serverVersion: settings.version, connectionID: id, scramble: scramble,
            capabilities: ServerSettings.capabilities, collation: 45, status: settings.initialStatus,
            authMethod: AuthMethod.native.name)
        send(greeting.encode())
    }

    func checkLogin(_ payload: [UInt8]) {
        do {
            let request = try LoginRequest(decoding: payload.span)
            capabilities = request.capabilities.intersection(ServerSettings.capabilities)
            // mysql-connector sets the flag and names no schema.
            let schema = request.schema.flatMap { $0.isEmpty ? nil : $0 }
            login = PendingLogin(user: request.user, schema: schema)
            check(request.authResponse, methodName: request.authMethod, isFirst: true)
        } catch {
            refuse(error)
        }
    }

    func checkUserChange(_ payload: [UInt8]) {
        do {
            let request = try ChangeUserRequest(decoding: payload.span, capabilities: capabilities)
            login = PendingLogin(user: request.user, schema: request.schema.isEmpty ? nil : request.schema)
            for id in statements.keys { responder.closeStatement(id: id) }
            statements = [:]
            // Clients differ in which challenge they answer here: a wrong answer gets a new challenge.
            check(request.authResponse, methodName: request.authMethod, isFirst: false)
        } catch {
            refuse(error)
        }
    }

    /// The answer to a challenge that was sent for the named method, or not.
    private func check(_ response: [UInt8], methodName: String?, isFirst: Bool) {
        let method = methodName.map(AuthMethod.init(name:)) ?? .native
        login.gaveResponse = !response.isEmpty
        let isRight = method.map { accepts(response, $0) } ?? false
        if isRight, let method { return passed(method, response) }
        let isFinal = isFirst && method == .native
        perform(machine.passwordChecked(isFinal ? .wrong : .inconclusive(method ?? .native)), payload: [])
    }

    func checkAnswer(_ response: [UInt8], _ method: AuthMethod) {
        login.gaveResponse = response.count > 1
        guard accepts(response, method) else {
            return perform(machine.passwordChecked(.wrong), payload: [])
        }
        passed(method, response)
    }

    private func passed(_ method: AuthMethod, _ response: [UInt8]) {
        // caching_sha2_password's clients wait for this word before the OK, but for an empty password.
        if method == .cachingSHA2, response.count > 1 { send(AuthMoreData.fastAuthOK.encode()) }
        perform(machine.passwordChecked(.right), payload: [])
    }

    private func accepts(_ response: [UInt8], _ method: AuthMethod) -> Bool {
        guard let password = settings.passwords[login.user] else {
            // As much work as for a known user.
            _ = StoredPassword.decoy.accepts(response, method: method, scramble: scramble)
            return false
        }
        return password.accepts(response, method: method, scramble: scramble)
    }

    func askAgain(_ method: AuthMethod) {
        guard let scramble = Digest.scramble() else { return refuseWithoutRandom() }
        self.scramble = scramble
        send(AuthSwitchRequest(method: method.name, data: scramble + [0]).encode())
        joiner.expectedSequence = replySequence
    }

    func deny() {
        let host = peer.hasPrefix("/") ? "localhost" : String(peer[..<(peer.lastIndex(of: ":") ?? peer.endIndex)])
        let text =
            "Access denied for user '\(login.user)'@'\(host)' (using password: \(login.gaveResponse ? "YES" : "NO"))"
        send(SQLError(code: 1045, state: "28000", message: text).encode())
        connection.close(reason: "login of user '\(login.user)' denied")
    }

    private func refuseWithoutRandom() {
        let error = SQLError(code: 1105, message: "The server has no random bytes for a challenge")
        perform(machine.packetRefused(error, reason: "RAND_bytes failed"), payload: [])
    }
}

extension StoredPassword {
    static let decoy = StoredPassword("of nobody")
}
