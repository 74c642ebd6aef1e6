import PluginAPI

/// `EXPLAIN ROUTE`: what the rules would make of a statement, by the same code as for clients.
struct RouteCommand: Sendable {
    private let host: any PluginHost
    private let book: RulesBook

    init(host: any PluginHost, book: RulesBook) {
        self.host = host
        self.book = book
    }

    private static let form =
        "EXPLAIN ROUTE [FOR USER user] [SCHEMA schema] [CLIENT address] [PROXY address:port] [FLAG number] statement"

    var command: AdministrativeCommand {
        AdministrativeCommand(
            "EXPLAIN ROUTE", summary: "\(Self.form): why the statement goes where it goes", isReadOnly: true
        ) { text throws(CommandFault) in
            try explain(RouteRequest(text))
        }
    }

    private func explain(_ request: RouteRequest) throws(CommandFault) -> CommandOutcome {
        guard !request.statement.isEmpty else { throw CommandFault("there is no statement: \(Self.form)") }
        let inUse = book.current
        let explanation = RouteExplanation(
            Array(request.statement.utf8), of: request.subject, RouteQuestion(flag: request.flag), inUse.settings.route,
            by: inUse.rules, RouteScratch(seed: UInt64.random(in: .min ... .max)))
        var rows = explanation.rows
        rows.append([Cell(rows.count + 1), .null, .text("servers"), .text(servers(explanation.decision.destination))])
        return .rows(columns: RouteExplanation.columns, rows)
    }

    /// The servers of the hostgroup that the decision leads to.
    private func servers(_ destination: UInt32?) -> String {
        guard host.servesSessions else { return "the session's own: only the funnel follows hostgroups" }
        let hostgroups = host.backends.hostgroups
        let members = hostgroups[destination.map { Int($0) } ?? hostgroups.usual]
        guard members.contains(where: \.row.takesStatements) else {
            return hostgroups.obstacle(in: destination.map { Int($0) })
        }
        return members.filter(\.row.takesStatements).map { "\($0.backend.endpoint)" }.joined(separator: ", ")
    }
}

/// What stands behind `EXPLAIN ROUTE`.
struct RouteRequest {
    let subject = RouteSubject()
    private(set) var flag: UInt32 = 0
    private(set) var statement: Substring

    /// The words that may stand before the statement, each with a value.
    private enum Word: String {
        case user = "USER"
        case schema = "SCHEMA"
        case client = "CLIENT"
        case proxy = "PROXY"
        case flag = "FLAG"
    }

    init(_ text: String) throws(CommandFault) {
        statement = text[...]
        while let (word, value, rest) = Self.pair(statement) {
            statement = rest
            try take(word, String(value))
        }
        statement = statement.drop(while: \.isWhitespace)
        while let last = statement.last, last.isWhitespace || last == ";" { statement = statement.dropLast() }
    }

    private mutating func take(_ word: Word, _ value: String) throws(CommandFault) {
        switch word {
        case .user: subject.username = SessionName(Array(value.utf8))
        case .schema: subject.schemaname = SessionName(Array(value.utf8))
        case .client: subject.clientAddress = SessionName(Array(value.utf8))
        case .proxy:
            let address = SplitAddress(value)
            subject.proxyAddress = SessionName(Array(address.host.utf8))
            subject.proxyPort = address.port
        case .flag:
            guard let number = UInt32(value), number <= Int32.max else {
                throw CommandFault("'\(value)' is no flag: FLAG takes a whole number from 0 to \(Int32.max)")
            }
            flag = number
        }
    }

    /// The next word with its value, and what is behind; nil where the statement begins.
    private static func pair(_ text: Substring) -> (Word, Substring, Substring)? {
        var rest = text
        var name = token(&rest)?.uppercased()
        if name == "FOR" { name = token(&rest)?.uppercased() }
        guard let name, let word = Word(rawValue: name), let value = token(&rest) else { return nil }
        return (word, value, rest)
    }

    /// The next word, or what stands between the next quotes.
    private static func token(_ text: inout Substring) -> Substring? {
        let start = text.drop(while: \.isWhitespace)
        guard let first = start.first else { return nil }
        if "'\"`".contains(first), let end = start.dropFirst().firstIndex(of: first) {
            text = start[start.index(after: end)...]
            return start[start.index(after: start.startIndex)..<end]
        }
        let word = start.prefix { !$0.isWhitespace }
        text = start[word.endIndex...]
        return word
    }
}
