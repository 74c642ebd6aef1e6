import LuaVM
import MySQLWire

/// `resultset.fields`: the columns, counted from 1.
final class LuaFields: LuaObject {
    private let answer: KeptAnswer
    private let columns: [ColumnDefinition]

    init(_ answer: KeptAnswer, _ columns: [ColumnDefinition]) {
        self.answer = answer
        self.columns = columns
    }

    override class var luaType: LuaObjectType { LuaObjectType(name: "resultset.fields") }

    override func length(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        try answer.checkHook()
        return columns.count
    }

    override func readKey(_ frame: inout LuaFrame) throws(LuaError) -> Int {
        try answer.checkHook()
        guard let number = frame.integer(at: 2), number >= 1, number <= columns.count else { return 0 }
        try frame.push(LuaField(columns[Int(number) - 1]))
        return 1
    }
}

/// One column: `type`, `name`, `org_name`, `table`, `org_table`.
final class LuaField: LuaObject {
    private let column: ColumnDefinition

    init(_ column: ColumnDefinition) { self.column = column }

    override class var luaType: LuaObjectType {
        LuaObjectType(name: "resultset.fields[...]", fields: ["type", "name", "org_name", "table", "org_table"])
    }

    override func read(field: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        switch field {
        case 0: try frame.push(Int(column.type.rawValue))
        case 1: try frame.push(column.name)
        case 2: try frame.push(column.originalName)
        case 3: try frame.push(column.table)
        default: try frame.push(column.originalTable)
        }
        return 1
    }
}
