import PluginAPI

/// Rows of a table in little memory: most columns of most rows are NULL.
///
/// A row is a word with a bit for each column that isn't NULL, then the values: a kind, and eight bytes or a text.
struct PackedRows: Sendable {
    private enum Kind: UInt8 {
        case integer
        case real
        case text
    }

    private var bytes: [UInt8] = []
    private var offsets: [Int] = []

    var count: Int { offsets.count }

    var memory: Int { bytes.count + offsets.count * MemoryLayout<Int>.stride }

    mutating func reserve(_ rows: Int) {
        offsets.reserveCapacity(rows)
        bytes.reserveCapacity(48 * rows)
    }

    /// Adds a row of at most 64 columns.
    mutating func append(_ row: [Cell]) {
        offsets.append(bytes.count)
        var present: UInt64 = 0
        for (index, cell) in row.enumerated() where cell != .null { present |= 1 << UInt64(index) }
        append(word: present)
        for cell in row { append(cell) }
    }

    private mutating func append(_ cell: Cell) {
        switch cell {
        case .null: break
        case .integer(let number):
            bytes.append(Kind.integer.rawValue)
            append(word: UInt64(bitPattern: number))
        case .real(let number):
            bytes.append(Kind.real.rawValue)
            append(word: number.bitPattern)
        case .text(let text):
            bytes.append(Kind.text.rawValue)
            append(word: UInt64(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
    }

    private mutating func append(word: UInt64) {
        withUnsafeBytes(of: word) { bytes.append(contentsOf: $0) }
    }

    /// A row as it came, filled up with NULL to the number of columns.
    func row(_ index: Int, columns: Int) -> [Cell] {
        var offset = offsets[index]
        let present = word(&offset)
        return (0..<columns).map { column in
            guard present & 1 << UInt64(column) != 0 else { return .null }
            return cell(&offset)
        }
    }

    private func cell(_ offset: inout Int) -> Cell {
        let kind = Kind(rawValue: bytes[offset])
        offset += 1
        let word = word(&offset)
        switch kind {
        case .integer: return .integer(Int64(bitPattern: word))
        case .real: return .real(Double(bitPattern: word))
        case .text, nil:
            let start = offset
            offset += Int(word)
            return .text(String(decoding: bytes[start..<offset], as: UTF8.self))
        }
    }

    private func word(_ offset: inout Int) -> UInt64 {
        defer { offset += 8 }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    }
}
