import MySQLWire

/// What the session remembers of a prepared statement between its executions.
struct PreparedStatement {
    let parameterCount: Int
    var types: [ParameterType] = []
    var longData: [Int: [UInt8]] = [:]

    init(parameterCount: Int) {
        self.parameterCount = parameterCount
    }

    var context: ExecuteCommand.Context {
        ExecuteCommand.Context(parameterCount: parameterCount, types: types, longData: Set(longData.keys))
    }

    /// The values of an execution, long data put in its places; the long data is used up.
    mutating func values(of command: ExecuteCommand) -> [BinaryValue] {
        if command.bindsTypes { types = command.parameters.map(\.type) }
        let values = command.parameters.prefix(parameterCount).enumerated().map { index, parameter in
            parameter.value ?? .bytes(longData[index] ?? [])
        }
        longData = [:]
        return values
    }
}
