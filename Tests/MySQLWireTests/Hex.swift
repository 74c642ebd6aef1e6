import MySQLWire

/// The bytes that hexadecimal digits write; white space is skipped.
func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// Pseudo-random numbers that a seed repeats (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// What the recording sessions asked for.
extension Capabilities {
    static let plain: Self = [
        .longPassword, .foundRows, .longFlag, .connectWithSchema, .localFiles, .protocol41, .transactions,
        .secureConnection, .multiStatements, .multiResults, .preparedMultiResults, .pluginAuth, .connectAttributes,
        .pluginAuthLengthEncoded,
    ]
    static let tracking: Self = plain.union([.sessionTrack, .deprecateEOF])
    static let extended: Self = tracking.subtracting(.longPassword).union([
        .mariadbProgress, .mariadbBulkOperations, .mariadbExtendedMetadata, .mariadbCacheMetadata,
    ])
}
