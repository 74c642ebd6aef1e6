import EmbeddedSQL
import MySQLWire
import PluginAPI

/// `CHECKSUM …`: one number for what a table holds in a layer, the same whichever way it came there.
struct ChecksumCommand: Equatable, Sendable {
    let section: String
    let layer: Layer

    /// Reads the words of a command, in capitals; nil where they make no sense. Without a layer it is memory.
    init?(_ words: [String]) {
        guard words.first == "CHECKSUM", words.count >= 2 else { return nil }
        let named: Layer? =
            switch words[1] {
            case "MEMORY", "MEM": .memory
            case "RUNTIME", "RUN": .runtime
            case "DISK": .disk
            case _: nil
            }
        let rest = words.dropFirst(named == nil ? 1 : 2)
        guard !rest.isEmpty else { return nil }
        section = rest.joined(separator: " ")
        layer = named ?? .memory
    }
}

extension ConfigurationLayers {
    /// The tables of a section with their checksums.
    func checksums(_ command: ChecksumCommand) throws -> [(table: String, checksum: String)] {
        let section = try section(named: command.section)
        let contents = try contents(of: section, in: command.layer)
        return section.tables.map { table in
            var sum = Checksum()
            sum.add(contents[table.name] ?? [])
            return (table.name, sum.text)
        }
    }
}

/// A 64-bit FNV-1a over rows whose cells say their kinds and lengths, so that no two contents look alike.
struct Checksum {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Rows count in the order of their bytes: tables have no order.
    mutating func add(_ rows: [[Cell]]) {
        let framed = rows.map { $0.flatMap(Self.framed) }.sorted { $0.lexicographicallyPrecedes($1) }
        for row in framed { add(row) }
    }

    /// Sixteen digits, as ProxySQL's with `0x` in front.
    var text: String {
        let digits = String(state, radix: 16, uppercase: true)
        return "0x" + String(repeating: "0", count: 16 - digits.count) + digits
    }

    private mutating func add(_ bytes: [UInt8]) {
        for byte in Self.framed(bytes.count) + bytes {
            state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
    }

    private static func framed(_ cell: Cell) -> [UInt8] {
        guard let text = cell.text else { return [0] }
        return [1] + framed(text.utf8.count) + Array(text.utf8)
    }

    private static func framed(_ count: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt64(count).littleEndian) { Array($0) }
    }
}
