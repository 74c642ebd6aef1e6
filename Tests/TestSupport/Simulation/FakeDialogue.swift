import Glibc
public import MySQLWire

/// What fake servers say: every answer is a pure function of a seed, who asks and what, so that the one who asks
/// knows every byte beforehand.
public struct FakeDialogue: Sendable {
    /// The seed of all answers.
    public let seed: UInt64
    /// The most bytes of a row; 0 for small results only.
    public let longestRow: Int

    /// Answers drawn from `seed`.
    public init(seed: UInt64, longestRow: Int) {
        self.seed = seed
        self.longestRow = longestRow
    }

    /// What fake servers can do.
    public static let capabilities: Capabilities = [
        .longPassword, .longFlag, .connectWithSchema, .localFiles, .protocol41, .transactions, .secureConnection,
        .multiStatements, .multiResults, .preparedMultiResults, .pluginAuth, .connectAttributes,
        .pluginAuthLengthEncoded, .sessionTrack, .deprecateEOF, .ssl, .compress, .zstdCompression,
    ]

    /// The beginning of a query that a server answers by asking for a file.
    public static let fileQuery = Array("LOAD".utf8)

    /// What a client's own queries have in front of its name and schema.
    public static let signature = "by:"

    /// The greeting's payload; servers offer what the proxy must take away.
    public func greeting(connection: UInt32) -> [UInt8] {
        Greeting(
            serverVersion: "5.5.5-10.11.6-MariaDB", connectionID: connection,
            scramble: [UInt8](repeating: 0x41 + UInt8(connection % 26), count: 20), capabilities: Self.capabilities,
            collation: 45, status: .autocommit, authMethod: "mysql_native_password"
        ).encode()
    }

    // MARK: Logins

    /// The turns of a login, from the server's first answer on.
    public enum LoginTurn: Sendable {
        /// The server says this, and goes on by itself.
        case says([UInt8])
        /// The server says this, and the client answers.
        case asks([UInt8])
    }

    /// How the login of `user` goes; the last turn is an OK or an ERR.
    public func login(_ user: String) -> [LoginTurn] {
        var random = generator(user, Array(user.utf8))
        let end: [UInt8] =
            user.hasSuffix("/refused")
            ? SQLError(code: 1045, state: "28000", message: "no entry for \(user)").encode()
            : OKPacket(lastInsertID: random.next() >> 40, info: user).encode(capabilities: Self.capabilities)
        let native = AuthSwitchRequest(method: "mysql_native_password", data: [UInt8](repeating: 7, count: 21))
        let caching = AuthSwitchRequest(method: "caching_sha2_password", data: [UInt8](repeating: 9, count: 21))
        switch random.below(5) {
        case 0: return [.asks(native.encode()), .says(end)]
        case 1: return [.asks(caching.encode()), .says(AuthMoreData.fastAuthOK.encode()), .says(end)]
        case 2:
            let key = AuthMoreData(data: Array("-----BEGIN PUBLIC KEY-----".utf8))
            return [.asks(AuthMoreData.fullAuthNeeded.encode()), .asks(key.encode()), .says(end)]
        default: return [.says(end)]
        }
    }

    // MARK: Commands

    /// The packets that answer a command, numbered on from its last packet; nothing where it has no answer.
    public func answer(to payload: [UInt8], of user: String, after sequence: UInt8, _ capabilities: Capabilities)
        -> [UInt8]
    {
        let command = Command(rawValue: payload.first ?? 0)
        guard !command.hasNoAnswer else { return [] }
        var random = generator(user, payload)
        var writer = PacketWriter(sequence: sequence &+ 1)
        switch command {
        case .query, .execute: append(results: &random, to: &writer, capabilities)
        case .prepare:
            let columns = (0..<random.below(3)).map { ColumnDefinition(name: "p\($0)", type: .varString) }
            let parameters = (0..<random.below(3)).map { _ in ColumnDefinition(name: "?", type: .varString) }
            writer.append(
                preparedStatement: 1 + UInt32(random.below(1000)), parameters: parameters, columns: columns,
                status: .autocommit, capabilities: capabilities)
        case .fieldList:
            for index in 0...random.below(4) {
                writer.append(ColumnDefinition(name: "f\(index)", type: .long).encode(capabilities: capabilities))
            }
            writer.appendResultEnd(status: .autocommit, capabilities: capabilities)
        case .statistics: writer.append(Array("Uptime: \(random.below(1 << 30))  Threads: 1".utf8))
        case .ping, .initDB, .resetStatement, .setOption, .resetConnection:
            append(ok: [], &random, to: &writer, capabilities)
        default: writer.append(SQLError(code: 1047, state: "08S01", message: "Unknown command \(random.next())"))
        }
        return writer.take()
    }

    /// The packet that asks for a file.
    public func fileRequest(for payload: [UInt8], of user: String, after sequence: UInt8) -> [UInt8] {
        var random = generator(user, payload)
        var writer = PacketWriter(sequence: sequence &+ 1)
        writer.append([0xFB] + Array("file-\(random.next())".utf8))
        return writer.take()
    }

    /// The answer after a file, in which its contents tell.
    public func fileAnswer(
        _ file: [UInt8], to payload: [UInt8], of user: String, after sequence: UInt8, _ capabilities: Capabilities
    ) -> [UInt8] {
        var random = generator(user + "\(Self.digest(file))", payload)
        var writer = PacketWriter(sequence: sequence &+ 1)
        append(ok: [], &random, to: &writer, capabilities)
        return writer.take()
    }

    private func append(
        ok flags: StatusFlags, _ random: inout SplitMix64, to writer: inout PacketWriter, _ capabilities: Capabilities
    ) {
        let transaction: StatusFlags = random.oneIn(3) ? .inTransaction : []
        let ok = OKPacket(
            affectedRows: random.next() >> 32, lastInsertID: random.next() >> 48,
            status: flags.union([.autocommit, transaction]))
        writer.append(ok, capabilities: capabilities)
    }

    private func append(results random: inout SplitMix64, to writer: inout PacketWriter, _ capabilities: Capabilities) {
        let results = 1 + random.below(8) / 6
        for index in 1...results {
            let status: StatusFlags = index < results ? [.autocommit, .moreResults] : .autocommit
            switch random.below(6) {
            case 0 where index == results: writer.append(SQLError(code: 1064, message: "\(random.next())"))
            case 1, 2:
                let ok = OKPacket(affectedRows: random.next() >> 50, status: status, info: "\(random.next())")
                writer.append(ok, capabilities: capabilities)
            default: append(rows: &random, status, to: &writer, capabilities)
            }
        }
    }

    private func append(
        rows random: inout SplitMix64, _ status: StatusFlags, to writer: inout PacketWriter,
        _ capabilities: Capabilities
    ) {
        let names = (0...random.below(3)).map { ColumnDefinition(name: "c\($0)", type: .varString) }
        writer.append(columns: names, status: status, capabilities: capabilities)
        for _ in 0..<random.length(upTo: 300) {
            writer.append(textRow: [Noise.bytes(random.length(upTo: max(100, longestRow / 64)), at: random.next())])
        }
        if longestRow > 100, random.oneIn(20) {
            writer.append(textRow: [Noise.bytes(longestRow, at: random.next())])
        }
        writer.appendResultEnd(status: status, capabilities: capabilities)
    }

    private func generator(_ user: String, _ payload: [UInt8]) -> SplitMix64 {
        SplitMix64(seed: seed ^ Self.digest(Array(user.utf8)) &* 31 ^ Self.digest(payload))
    }

    /// A number in which the length, the ends and many bytes between tell; cheap for long payloads.
    public static func digest(_ bytes: [UInt8]) -> UInt64 {
        var hash = 0xCBF2_9CE4_8422_2325 ^ UInt64(bytes.count)
        let step = max(1, bytes.count / 512)
        for index in stride(from: 0, to: bytes.count, by: step) {
            hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3
        }
        for byte in bytes.suffix(16) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}

/// Bytes without a pattern, cheap to make in any length.
public enum Noise {
    private static let block: [UInt8] = {
        var random = SplitMix64(seed: 20_240_229)
        return (0..<65_537).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }()

    /// So many bytes, from the given place of an endless run on.
    public static func bytes(_ count: Int, at place: UInt64) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        var start = Int(place % 65_537)
        while result.count < count {
            let length = min(block.count - start, count - result.count)
            result.append(contentsOf: block[start..<start + length])
            start = 0
        }
        return result
    }

    /// The first place where two runs differ, up to the end of the shorter one; nil where they agree.
    public static func firstDifference(_ left: [UInt8], _ right: [UInt8], from start: Int) -> Int? {
        let count = min(left.count, right.count)
        guard start < count else { return nil }
        let isEqual = left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return true }
                // Invariant: both hold at least `count` bytes, of which those from `start` on are compared.
                return memcmp(left + start, right + start, count - start) == 0
            }
        }
        return isEqual ? nil : (start..<count).first { left[$0] != right[$0] }
    }
}
