import LuaVM
import MySQLWire

// Prepared statements.
extension Proto {
    static func fromPrepare(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let text = try decode("from_stmt_prepare_packet", &frame) { payload throws(WireError) in
            try Command.prepare.decodeText(payload)
        }
        try frame.pushTable(fields: 1)
        try frame.put("stmt_text", text, in: frame.count)
        return 1
    }

    static func fromPrepareOK(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let packet = try decode("from_stmt_prepare_ok_packet", &frame) { payload throws(WireError) in
            try PreparedStatementOK(decoding: payload)
        }
        try frame.pushTable(fields: 4)
        let table = frame.count
        try frame.put("stmt_id", packet.statementID, in: table)
        try frame.put("num_columns", packet.columns, in: table)
        try frame.put("num_params", packet.parameters, in: table)
        try frame.put("warnings", packet.warnings ?? 0, in: table)
        return 1
    }

    static func statementOfExecute(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let id = try decode("stmt_id_from_stmt_execute_packet", &frame) { payload throws(WireError) in
            try Command.execute.decodeNumber(payload)
        }
        try frame.push(Int(id))
        return 1
    }

    static func fromClose(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let id = try decode("from_stmt_close_packet", &frame) { payload throws(WireError) in
            try Command.closeStatement.decodeNumber(payload)
        }
        try frame.pushTable(fields: 1)
        try frame.put("stmt_id", id, in: frame.count)
        return 1
    }

    /// num_params is what the statement's PREPARE answered: the packet itself doesn't tell. Where new_params_bound is
    /// false, the types are those of the execution before, which only the server knows: params is empty then.
    static func fromExecute(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        let function = "from_stmt_execute_packet"
        let count = try frame.integerArgument(
            2, "proto.\(function)(packet, num_params): num_params", in: 0...0xFFFF)
        let command = try decode(function, &frame) { payload throws(WireError) in
            try decodeExecute(payload, count)
        }
        try frame.charge(Int64(command.parameters.count) * 50)
        try frame.pushTable(fields: 5)
        let table = frame.count
        try frame.put("stmt_id", command.statementID, in: table)
        try frame.put("flags", command.flags.rawValue, in: table)
        try frame.put("iteration_count", command.iterationCount, in: table)
        try frame.push(command.bindsTypes && count > 0)
        try frame.popIntoField("new_params_bound", of: table)
        try push(command.parameters, &frame)
        try frame.popIntoField("params", of: table)
        return 1
    }

    private static func decodeExecute(_ payload: Span<UInt8>, _ count: Int) throws(WireError) -> ExecuteCommand {
        /// The command byte, the id, the flags, the iteration count and the NULL bitmap.
        let head = 10 + (count + 7) / 8
        let repeatsTypes = count > 0 && payload.count > head && payload[head] != 1
        var command = try ExecuteCommand(
            decoding: payload, context: .init(parameterCount: repeatsTypes ? 0 : count), capabilities: [])
        if repeatsTypes { command.bindsTypes = false }
        return command
    }

    private static func push(_ parameters: [BinaryParameter], _ frame: inout LuaFrame) throws(LuaError) {
        try frame.pushTable(elements: parameters.count)
        let list = frame.count
        for (index, parameter) in parameters.enumerated() {
            try frame.pushTable(fields: 2)
            try frame.put("type", parameter.type.type.rawValue, in: list + 1)
            if try frame.push(parameter.value ?? .null, of: parameter.type.type) {
                try frame.popIntoField("value", of: list + 1)
            }
            try frame.popIntoElement(index + 1, of: list)
        }
    }
}

extension LuaFrame {
    /// Pushes a parameter's value; answers whether there is one.
    fileprivate mutating func push(_ value: BinaryValue, of type: ColumnType) throws(LuaError) -> Bool {
        switch value {
        case .null: return false
        case .signed(let number): try push(number)
        case .unsigned(let number):
            if let integer = Int64(exactly: number) { try push(integer) } else { try push(Double(number)) }
        case .float(let number): try push(Double(number))
        case .double(let number): try push(number)
        case .bytes(let text): try push(text)
        case .dateTime(let date): try push(date.text(isDate: type == .date || type == .newDate))
        case .time(let time): try push(time.text)
        }
        return true
    }
}

extension BinaryValue.DateTime {
    /// `YYYY-MM-DD HH:MM:SS.nnnnnnnnn`, for a date only where it has a time of day.
    fileprivate func text(isDate: Bool) -> String {
        let day = "\(Proto.digits(year, 4))-\(Proto.digits(month, 2))-\(Proto.digits(day, 2))"
        guard !isDate || hour != 0 || minute != 0 || second != 0 || microsecond != 0 else { return day }
        return day + " " + Proto.timeOfDay(hour, minute, second, microsecond)
    }
}

extension BinaryValue.Time {
    /// `[-]D HH:MM:SS.nnnnnnnnn`
    fileprivate var text: String {
        "\(isNegative ? "-" : "")\(days) \(Proto.timeOfDay(hour, minute, second, microsecond))"
    }
}

extension Proto {
    /// `HH:MM:SS.nnnnnnnnn`
    fileprivate static func timeOfDay(
        _ hour: UInt8, _ minute: UInt8, _ second: UInt8, _ microsecond: UInt32
    ) -> String {
        // Nine digits are nanoseconds; what a hostile packet has above a second makes it ten or more.
        "\(digits(hour, 2)):\(digits(minute, 2)):\(digits(second, 2)).\(digits(UInt64(microsecond) * 1_000, 9))"
    }
}
