import EventLoop
import MySQLWire
import Pooling
import TestSupport

/// One connection of a fake server that keeps a session's state as real ones do, and tells its changes.
///
/// It knows as much SQL as the funnel and the clients of the simulation speak.
final class FunnelServer: StreamHandler {
    /// What a session has set on the connection.
    struct State {
        var schema = ""
        var timeZone = State.systemZone
        /// User variables, by name.
        var variables: [String: String] = [:]
        var isInTransaction = false
        var temporaryTables: Set<String> = []

        static let systemZone = "SYSTEM"

        /// Whether somebody else must not see it.
        var isTied: Bool { isInTransaction || !temporaryTables.isEmpty }
    }

    var state = State()
    /// Whose transaction or table it is.
    private var occupant = ""
    private(set) var isLoggedIn = false
    /// Whether the answer to a new challenge is awaited.
    private var isChangingUser = false
    private let loop: SimulatedLoop
    private unowned let town: FunnelTown
    let stream: SimulatedStream
    private var joiner = PacketJoiner(expectedSequence: 1)
    private var commands = 0
    private(set) var isEnded = false
    /// After so many commands it breaks.
    private let diesAfter: Int?
    /// The number of the server that it is a connection of.
    let place: Int

    static let capabilities: Capabilities = [
        .longPassword, .longFlag, .foundRows, .connectWithSchema, .protocol41, .transactions, .secureConnection,
        .multiStatements, .multiResults, .preparedMultiResults, .pluginAuth, .connectAttributes,
        .pluginAuthLengthEncoded, .sessionTrack, .deprecateEOF,
    ]

    init(_ stream: SimulatedStream, town: FunnelTown, diesAfter: Int?, place: Int) {
        self.stream = stream
        self.place = place
        self.town = town
        self.diesAfter = diesAfter
        loop = town.loop
    }

    func begin(number: UInt32) {
        let greeting = Greeting(
            serverVersion: "5.5.5-10.11.6-MariaDB", connectionID: number, scramble: [UInt8](repeating: 0x41, count: 20),
            capabilities: Self.capabilities, collation: 45, status: .autocommit, authMethod: "mysql_native_password")
        town.serverBegan(self)
        say([greeting.encode()], after: 255)
    }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        var offset = 0
        while !isEnded {
            do {
                guard let packet = try joiner.next(in: bytes, from: &offset) else { return offset }
                take(packet.payload, packet.sequence)
            } catch {
                town.violated("a server got a broken packet: \(error)")
                end(isReset: true)
            }
        }
        return bytes.count
    }

    override func ended(_ stream: ByteStream, _ reason: EndReason) { counted(out: true) }

    private func counted(out: Bool) {
        guard !isEnded else { return }
        isEnded = out
        if out { town.serverEnded(self) }
    }

    private func end(isReset: Bool) {
        counted(out: true)
        isReset ? stream.reset() : stream.closeAfterSending(lingering: .seconds(60))
    }

    private func take(_ payload: [UInt8], _ sequence: UInt8) {
        joiner.expectedSequence = 0
        guard isLoggedIn else { return logIn(payload, sequence) }
        commands += 1
        if let diesAfter, commands > diesAfter { return end(isReset: loop.random.oneIn(2)) }
        if !isChangingUser, payload.first == Command.quit.rawValue { return end(isReset: false) }
        let answer = isChangingUser ? userChanged() : answer(to: payload)
        if town.losesAnswer() { return }
        // Statements take their time; the next one comes after the answer.
        let due = loop.now + TimeSpan(nanoseconds: UInt64(loop.random.below(3_000_000)))
        loop.schedule(at: due) { [weak self] in
            if let self, !isEnded { say(answer, after: sequence) }
        }
    }

    private func logIn(_ payload: [UInt8], _ sequence: UInt8) {
        // Who only came for the greeting.
        if payload == [Command.quit.rawValue] { return end(isReset: false) }
        guard let login = try? LoginRequest(decoding: payload.span) else {
            return town.violated("a server can't read a login")
        }
        isLoggedIn = true
        state.schema = login.schema ?? ""
        say([ok()], after: sequence)
    }

    private func say(_ payloads: [[UInt8]], after sequence: UInt8) {
        var writer = PacketWriter(sequence: sequence &+ 1)
        for payload in payloads { writer.append(payload) }
        let bytes = writer.take()
        stream.send(bytes.span)
    }

    // MARK: Answers

    private var status: StatusFlags { state.isInTransaction ? [.autocommit, .inTransaction] : .autocommit }

    private func ok(_ changes: [SessionStateChange] = []) -> [UInt8] {
        OKPacket(status: status, changes: changes).encode(capabilities: Self.capabilities)
    }

    private func userChanged() -> [[UInt8]] {
        isChangingUser = false
        state = State()
        occupant = ""
        return [ok()]
    }

    private func answer(to payload: [UInt8]) -> [[UInt8]] {
        let text = String(decoding: payload.dropFirst(), as: UTF8.self)
        switch Command(rawValue: payload.first ?? 0) {
        case .ping, .setOption: return [ok()]
        case .initDB:
            state.schema = text
            return [ok([.schema(text), .stateChanged("1")])]
        case .resetConnection:
            state = State(schema: state.schema)
            occupant = ""
            return [ok([.stateChanged("1")])]
        case .changeUser:
            isChangingUser = true
            joiner.expectedSequence = 2
            let challenge = [UInt8](repeating: 0x42, count: 20)
            return [AuthSwitchRequest(method: "mysql_native_password", data: challenge + [0]).encode()]
        case .query: return query(text)
        default:
            town.violated("a server got the command \(payload.first ?? 0)")
            return [SQLError(code: 1047, message: "Unknown command").encode()]
        }
    }

    private func query(_ text: String) -> [[UInt8]] {
        var words = text
        if let mark = FunnelMark(in: text) {
            town.served(mark)
            if state.isTied, occupant != mark.client {
                town.violated("\(mark.client) runs on a connection that \(occupant) has tied")
            }
            occupant = mark.client
            words = String(text.dropFirst(FunnelMark.length(in: text)))
        }
        let parts = words.split(separator: " ", maxSplits: 1).map(String.init)
        switch (parts.first ?? "").uppercased() {
        case "SET": return [set(parts.last ?? "")]
        case "SELECT": return select(parts.last ?? "")
        case "DO": return [ok()]
        case "BEGIN": return transaction(true)
        case "COMMIT", "ROLLBACK": return transaction(false)
        case "CREATE":
            state.temporaryTables.insert(words)
            return [ok([.stateChanged("1")])]
        case "DROP":
            state.temporaryTables.removeAll()
            return [ok([.stateChanged("1")])]
        default:
            town.violated("a server doesn't know: \(text)")
            return [SQLError(code: 1064, message: text).encode()]
        }
    }

    private func transaction(_ isBegin: Bool) -> [[UInt8]] {
        state.isInTransaction = isBegin
        let told: [SessionStateChange] = [
            .transactionCharacteristics(isBegin ? "START TRANSACTION;" : ""),
            .transactionState(isBegin ? "T_______" : "________"),
        ]
        return [ok(told)]
    }

    private func set(_ list: String) -> [UInt8] {
        var told: [SessionStateChange.SystemVariable] = []
        for assignment in list.unquotedParts {
            guard let equals = assignment.firstIndex(of: "=") else { continue }
            let name = String(assignment[..<equals]).filter { $0 != "`" }
            let value = String(assignment[assignment.index(after: equals)...])
            if name.hasPrefix("@") {
                state.variables[String(name.dropFirst())] = value.evaluated
            } else {
                let value = value == "DEFAULT" ? State.systemZone : value.evaluated ?? ""
                if name == "time_zone" { state.timeZone = value }
                told.append(SessionStateChange.SystemVariable(name: name, value: value))
            }
        }
        let changes: [SessionStateChange] = told.isEmpty ? [] : [.systemVariables(told)]
        return ok(changes + [.stateChanged("1")])
    }

    private func select(_ list: String) -> [[UInt8]] {
        let expressions = list.replacingSuffix(" LIMIT 1").unquotedParts
        let values = expressions.map { value(of: $0) }
        let columns = expressions.map { ColumnDefinition(name: $0, type: .varString) }
        var writer = PacketWriter()
        writer.append(columns: columns, status: status, capabilities: Self.capabilities)
        writer.append(textRow: values.map { $0.map { Array($0.utf8) } })
        writer.appendResultEnd(status: status, capabilities: Self.capabilities)
        return writer.bytes.payloads
    }

    private func value(of expression: String) -> String? {
        let plain = expression.filter { $0 != "`" }
        if plain.hasPrefix("@@") { return state.timeZone }
        if plain.hasPrefix("@") { return state.variables[String(plain.dropFirst())] }
        if plain.hasPrefix("HEX(") {
            return value(of: String(plain.dropFirst(4).dropLast()))?.utf8.map { $0.hexadecimal }.joined()
        }
        if plain.hasPrefix("COLLATION(") { return "utf8mb4_general_ci" }
        switch plain {
        case "DATABASE()": return state.schema.isEmpty ? nil : state.schema
        default:
            town.violated("a server can't compute \(expression)")
            return nil
        }
    }
}

// MARK: Its SQL

extension String {
    /// The parts between commas that stand outside of quotes and parentheses.
    fileprivate var unquotedParts: [String] {
        var parts: [String] = [""]
        var (isQuoted, depth) = (false, 0)
        for character in self {
            if character == "'" { isQuoted.toggle() }
            if !isQuoted { depth += character == "(" ? 1 : character == ")" ? -1 : 0 }
            if character == ",", !isQuoted, depth == 0 {
                parts.append("")
            } else if isQuoted || character != " " || !(parts.last ?? "").isEmpty {
                parts[parts.count - 1].append(character)
            }
        }
        return parts
    }

    fileprivate func replacingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }

    /// The value of a literal: `'text'`, `_set x'hex' COLLATE name`, or a bare word; nil for NULL and `CAST(NULL AS …)`.
    fileprivate var evaluated: String? {
        if self == "NULL" || hasPrefix("CAST(NULL AS ") { return nil }
        guard let open = firstIndex(of: "'"), let close = self[index(after: open)...].firstIndex(of: "'") else {
            return self
        }
        let inside = self[index(after: open)..<close]
        guard self[..<open].hasSuffix("x") else { return String(inside) }
        let digits = Array(inside.utf8)
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).map { place in
            UInt8(String(decoding: digits[place...place + 1], as: UTF8.self), radix: 16) ?? 0
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var hexadecimal: String {
        let digits = String(self, radix: 16, uppercase: true)
        return digits.count == 1 ? "0" + digits : digits
    }
}

extension [UInt8] {
    /// The payloads of whole packets.
    fileprivate var payloads: [[UInt8]] {
        var payloads: [[UInt8]] = []
        var offset = 0
        while let header = PacketHeader(span, at: offset) {
            payloads.append(Array(self[(offset + PacketHeader.size)..<(offset + header.packetLength)]))
            offset += header.packetLength
        }
        return payloads
    }
}

/// Who has sent a query, and which of its: a comment in front of it.
struct FunnelMark: Hashable {
    let client: String
    let number: Int

    init(client: String, number: Int) {
        self.client = client
        self.number = number
    }

    /// The mark of a query; nil where it is one of the funnel's own.
    init?(in text: String) {
        guard text.hasPrefix("/*by:"), text.contains("*/") else { return nil }
        let inside = text.dropFirst(5).prefix { $0 != "*" }.split(separator: "#")
        guard inside.count == 2, let number = Int(inside[1]) else { return nil }
        self.init(client: String(inside[0]), number: number)
    }

    var comment: String { "/*by:\(client)#\(number)*/" }

    static func length(in text: String) -> Int {
        guard let mark = FunnelMark(in: text) else { return 0 }
        return mark.comment.count
    }
}
