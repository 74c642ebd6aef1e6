import MySQLWire
import PluginAPI
import ProxyCore

/// What a session has on its backend connection, as far as its commands and their answers tell.
///
/// Only sessions with query or statement hooks have one: their commands are collected whole, and their connection may be parked.
final class SessionTracker {
    private let session: ProxySession
    /// What is known of the connection in use.
    private var papers: Papers?
    /// Whether the login's end was taken notice of.
    var hasLogin = false
    /// The command that waits for its connection to be prepared; nil where none does.
    var waiting: WaitingCommand? {
        get { papers?.waiting }
        set { if papers != nil || newValue != nil { madePapers.waiting = newValue } }
    }
    /// The backend whose connection was parked last.
    var lastBackend: Backend?
    private var statements: Set<UInt32> = []
    private var command = SessionCommand.other
    /// Whether the server itself has told the schema that the command leads to.
    private var isSchemaTold = false

    /// A command and what it is.
    struct WaitingCommand {
        var packets: [UInt8]
        var command: SessionCommand
    }

    /// Apart, since a session whose connections are a server's within this process has none.
    private final class Papers {
        var login: LoginRequest?
        var link: BackendLink?
        var waiting: WaitingCommand?
    }

    init(session: ProxySession) {
        self.session = session
    }

    /// The login as the backend got it; nil where it can't be read.
    var login: LoginRequest? {
        get { papers?.login }
        set { if papers != nil || newValue != nil { madePapers.login = newValue } }
    }

    /// The connection in use; nil without one, and before the login.
    var link: BackendLink? {
        get { papers?.link }
        set { if papers != nil || newValue != nil { madePapers.link = newValue } }
    }

    private var madePapers: Papers {
        if let papers { return papers }
        let made = Papers()
        papers = made
        return made
    }

    /// The login is over, and the session's connections are nobody's that it could be told to.
    func forgetLogin() { papers = nil }

    /// Whether the client has prepared statements that it has not closed.
    var hasStatements: Bool { !statements.isEmpty }

    /// The login has succeeded, on the connection at hand unless a plugin has answered it by itself.
    func loggedIn(_ capabilities: Capabilities) {
        hasLogin = true
        let schema = (login ?? session.login)?.schemaBytes ?? []
        session.schemaBytes = schema.isEmpty ? session.defaultSchemaBytes : schema
        guard let login, let greeting = session.backendGreeting else { return }
        link = BackendLink(
            greeting: link?.greeting ?? greeting, capabilities: link?.capabilities ?? capabilities,
            user: login.userBytes, collation: UInt16(login.collation), owner: session.id)
    }

    /// What the session needs of a connection that it takes; nil where its login isn't known.
    func wish(_ capabilities: Capabilities) -> BackendLink.Wish? {
        guard hasLogin, let login else { return nil }
        return BackendLink.Wish(
            user: login.userBytes, collation: UInt16(login.collation), capabilities: capabilities,
            schema: session.schemaBytes, session: session.id)
    }

    // MARK: Commands

    /// A command goes to the backend.
    @inline(__always)
    func commandSent(_ command: SessionCommand) {
        isSchemaTold = false
        // Mostly both are, and there is nothing to be copied.
        if case .other = command, case .other = self.command { return }
        note(command)
    }

    private func note(_ command: SessionCommand) {
        self.command = command
        if case .closeStatement(let id) = command { statements.remove(id) }
    }

    /// The answer to the last command begins with these packets; the server may tell a new default schema.
    func answerBegins(_ packets: Span<UInt8>, of capabilities: Capabilities) {
        var offset = 0
        // OKs in front of everything else: behind a result set, a row might look like one.
        while let header = PacketHeader(packets, at: offset), offset + header.packetLength <= packets.count,
            header.payloadLength > 0, packets[offset + PacketHeader.size] == 0
        {
            let payload = packets.extracting(offset + PacketHeader.size..<offset + header.packetLength)
            guard let ok = try? OKPacket(decoding: payload, capabilities: capabilities) else { return }
            for case .schema(let name) in ok.changes {
                session.schemaBytes = Array(name.utf8)
                isSchemaTold = true
            }
            offset += header.packetLength
        }
    }

    /// The answer is complete.
    ///
    /// - Returns: what the command has done of a taken connection's preparation.
    func answered(_ summary: ResultSummary) -> BackendPreparation {
        let command = command
        self.command = .other
        guard !summary.isError else { return [] }
        switch command {
        case .other, .closeStatement: break
        case .schema(let name): if !isSchemaTold { session.schemaBytes = name }
        case .prepare: statements.insert(summary.statementID)
        case .reset: statements = []
        case .changeUser(let request): changedUser(request)
        }
        return command.replaces
    }

    private func changedUser(_ request: ChangeUserRequest) {
        statements = []
        session.schemaBytes = request.schemaBytes.isEmpty ? session.defaultSchemaBytes : request.schemaBytes
        login?.userBytes = request.userBytes
        link?.user = request.userBytes
        guard let collation = request.collation else { return }
        // A login's collation has one byte; a wider one fits no login and isn't shared.
        link?.collation = collation
        login?.collation = UInt8(truncatingIfNeeded: collation)
    }
}
