extension BinaryValue {
    public func text(of column: ColumnDefinition) -> [UInt8]? { nil }
}
