import MySQLWire

/// The bytes that hexadecimal digits write; white space is skipped.
func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
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
