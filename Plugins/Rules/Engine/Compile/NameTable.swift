/// A name as a small number; equal names of one ``NameTable`` have equal symbols.
typealias Symbol = UInt32

extension Symbol {
    /// No condition on the name, or a name that the table hasn't.
    static let none = Symbol.max
}

/// All names that rules and routes are about, each once, in one arena.
///
/// A symbol is where its name is in the arena: four bytes of length, then the name.
struct NameTable: ~Copyable, Sendable {
    private let arena: FrozenArray<UInt8>

    fileprivate init(arena: consuming FrozenArray<UInt8>) {
        self.arena = arena
    }

    var memory: Int { arena.memory }

    /// Whether a symbol of this table means the name.
    @inline(__always)
    func means(_ symbol: Symbol, _ name: [UInt8]) -> Bool {
        name.withUnsafeBufferPointer { Names.equal(arena.address(Int(symbol)), $0) }
    }

    /// Whether the text begins with the name of a symbol of this table.
    @inline(__always)
    func isPrefix(_ symbol: Symbol, of text: [UInt8]) -> Bool {
        let name = Names.bytes(arena.address(Int(symbol)))
        return text.withUnsafeBufferPointer { text in
            guard name.count <= text.count else { return false }
            for index in 0..<name.count where name[index] != text[index] { return false }
            return true
        }
    }

    /// The name of a symbol of this table.
    func name(_ symbol: Symbol) -> [UInt8] {
        Array(Names.bytes(arena.address(Int(symbol))))
    }
}

/// Collects names, and makes the table of them.
struct NameTableBuilder {
    private struct Slot: BitwiseCopyable {
        var symbol = Symbol.none
        /// The low bits of the hash, so that most other names needn't be looked at.
        var tag: UInt32 = 0
    }

    private var arena: [UInt8] = []
    private var slots: [Slot]
    private var count = 0

    /// Ready for about as many names as given.
    init(expecting names: Int) {
        slots = Array(repeating: Slot(), count: Hashing.slots(for: max(names, 16)))
        arena.reserveCapacity(16 * names)
    }

    /// The symbol of a name, which is added where it is new, and its hash; nil when 4 GB of names are there.
    @inline(__always)
    mutating func add(_ name: String) -> (symbol: Symbol, hash: UInt64)? {
        var name = name
        return name.withUTF8 { add($0) }
    }

    mutating func add(_ name: UnsafeBufferPointer<UInt8>) -> (symbol: Symbol, hash: UInt64)? {
        if 5 * (count + 1) > 4 * slots.count { grow() }
        let hash = Hashing.hash(name)
        let tag = UInt32(truncatingIfNeeded: hash)
        let index = place(hash, name)
        guard slots[index].symbol == .none else { return (slots[index].symbol, hash) }
        guard arena.count + name.count + Names.prefix < Int(Symbol.none) else { return nil }
        let symbol = Symbol(arena.count)
        withUnsafeBytes(of: UInt32(name.count)) { arena.append(contentsOf: $0) }
        arena.append(contentsOf: name)
        slots[index] = Slot(symbol: symbol, tag: tag)
        count += 1
        return (symbol, hash)
    }

    /// Where a name is, or the free slot that it gets.
    private func place(_ hash: UInt64, _ name: UnsafeBufferPointer<UInt8>) -> Int {
        arena.withUnsafeBufferPointer { arena in
            slots.withUnsafeBufferPointer { slots in
                var index = Hashing.slot(hash, of: slots.count)
                while slots[index].symbol != .none {
                    let isSame =
                        slots[index].tag == UInt32(truncatingIfNeeded: hash)
                        && arena.baseAddress.map { Names.equal($0 + Int(slots[index].symbol), name) } == true
                    if isSame { break }
                    index = index + 1 == slots.count ? 0 : index + 1
                }
                return index
            }
        }
    }

    private mutating func grow() {
        var larger = Array(repeating: Slot(), count: 2 * slots.count)
        arena.withUnsafeBufferPointer { arena in
            larger.withUnsafeMutableBufferPointer { Self.fill($0, from: arena) }
        }
        slots = larger
    }

    /// Puts every name of the arena in its slot.
    private static func fill(
        _ slots: UnsafeMutableBufferPointer<Slot>, from arena: UnsafeBufferPointer<UInt8>
    ) {
        var offset = 0
        while offset < arena.count, let base = arena.baseAddress {
            let name = Names.bytes(base + offset)
            let hash = Hashing.hash(name)
            var index = Hashing.slot(hash, of: slots.count)
            while slots[index].symbol != .none { index = index + 1 == slots.count ? 0 : index + 1 }
            slots[index] = Slot(symbol: Symbol(offset), tag: UInt32(truncatingIfNeeded: hash))
            offset += Names.prefix + name.count
        }
    }

    /// The table, with no more memory than it needs.
    consuming func frozen() -> NameTable {
        NameTable(arena: FrozenArray(arena))
    }
}

/// How a name lies in an arena. Both functions are given the begin of a name that a builder put there.
private enum Names {
    static let prefix = MemoryLayout<UInt32>.size

    @inline(__always)
    static func bytes(_ place: UnsafePointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        let count = UnsafeRawPointer(place).loadUnaligned(as: UInt32.self)
        return UnsafeBufferPointer(start: place + prefix, count: Int(count))
    }

    @inline(__always)
    static func equal(_ place: UnsafePointer<UInt8>, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        let own = bytes(place)
        guard own.count == name.count else { return false }
        var index = 0
        let left = UnsafeRawBufferPointer(own)
        let right = UnsafeRawBufferPointer(name)
        while index &+ 8 <= left.count {
            let word = left.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if word != right.loadUnaligned(fromByteOffset: index, as: UInt64.self) { return false }
            index &+= 8
        }
        while index < left.count {
            if left[index] != right[index] { return false }
            index &+= 1
        }
        return true
    }
}
