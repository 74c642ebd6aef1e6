internal import CLuaShim

/// Parts of some bytes that become the strings of one table; used again and again without allocating.
public struct LuaParts: ~Copyable {
    private(set) var slices: [lvm_slice] = []
    /// Where the last part ends.
    private(set) var end = 0

    /// No parts.
    public init() {}

    /// Forgets the parts.
    public mutating func removeAll() {
        slices.removeAll(keepingCapacity: true)
        end = 0
    }

    /// Adds a part; nil stands for nil.
    public mutating func append(_ part: Range<Int>?) {
        guard let part, part.lowerBound >= 0 else { return slices.append(lvm_slice(offset: -1, length: 0)) }
        slices.append(lvm_slice(offset: Int64(part.lowerBound), length: Int64(part.count)))
        end = max(end, part.upperBound)
    }
}
