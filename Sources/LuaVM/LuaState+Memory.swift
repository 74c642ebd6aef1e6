internal import CLuaShim

extension LuaState {
    /// Bytes that the state holds, garbage included.
    public var memoryInUse: Int { pointer.pointee.used }

    /// The most bytes that the state ever held.
    public var mostMemory: Int { pointer.pointee.peak }

    /// Blocks of memory that the state has asked for since it was opened; one that grows counts once.
    public var allocations: UInt64 { pointer.pointee.allocs }

    /// Blocks of memory that the state has given back since it was opened.
    public var frees: UInt64 { pointer.pointee.frees }

    /// Instructions that the last budget was charged, in steps of 1,000.
    public var instructionsUsed: Int64 { pointer.pointee.spent }

    /// Collects all garbage; the bytes that are left.
    @discardableResult
    public func collectGarbage() -> Int { Int(lvm_collect(pointer)) }

    /// Collects some garbage, as much as allocating so many KiB would; whether a cycle ended.
    @discardableResult
    public func collectGarbage(stepKiB: Int) -> Bool { lvm_collect_step(pointer, Int32(clamping: stepKiB)) }

    /// What went wrong in finalizers since the last time, at most 512 bytes; nil if nothing did.
    public func takeWarning() -> String? {
        guard pointer.pointee.warnings > 0 else { return nil }
        defer {
            pointer.pointee.warnings = 0
            pointer.pointee.warning_length = 0
        }
        let length = pointer.pointee.warning_length
        return withUnsafeBytes(of: &pointer.pointee.warning) {
            String(decoding: $0.prefix(length), as: UTF8.self)
        }
    }

    /// Copies an option's name into one of C's arrays, cut to fit with its closing zero.
    static func store<Buffer>(_ option: String, in buffer: inout Buffer) {
        withUnsafeMutableBytes(of: &buffer) { target in
            let bytes = Array(option.utf8.prefix(target.count - 1)) + [0]
            target.copyBytes(from: bytes)
        }
    }

    /// An option's name from one of C's arrays.
    static func option<Buffer>(_ buffer: Buffer) -> String {
        withUnsafeBytes(of: buffer) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
