import MySQLWire
import Testing

@Suite("Results, rows and commands")
struct ResultTests {
    @Test("a column tells names, type and flags")
    func column() throws {
        let column = try ColumnDefinition(decoding: MariaDB.text1, capabilities: .plain)
        #expect([column.schema, column.table, column.originalTable, column.name] == ["test", "t", "t", "id"])
        #expect(column.type == .long)
        #expect(column.flags.isSuperset(of: [.unsigned, .primaryKey, .autoIncrement, .notNull]))
        #expect(column.collation == 63)
        #expect(column.defaultValue == .absent)
    }

    @Test("MariaDB's extended metadata names the type")
    func extendedColumn() throws {
        let column = try ColumnDefinition(decoding: MariaDB.extendedColumn, capabilities: .extended)
        #expect(column.extendedMetadata == [.init(kind: 0, value: "uuid")])
        #expect(column.name == "u")
    }

    @Test("COM_FIELD_LIST adds default values")
    func defaults() throws {
        let id = try ColumnDefinition(decoding: MariaDB.fieldList0, capabilities: .plain)
        let date = try ColumnDefinition(decoding: MariaDB.fieldListDA, capabilities: .plain)
        #expect(id.defaultValue == .text(Array("0".utf8)))
        #expect(date.defaultValue == .null)
    }

    @Test("a text row tells values and NULLs")
    func textRow() throws {
        let row = try TextRow(decoding: MariaDB.text6, columns: 4)
        #expect(row.values == ["1", "-4", "hello", "1234.56"].map { Array($0.utf8) })
        #expect(try TextRow(decoding: MariaDB.text7, columns: 4).values[1] == nil)
        #expect(throws: WireError.self) { try TextRow(decoding: MariaDB.text6, columns: 3) }
    }

    @Test("a binary row tells every type's value")
    func binaryRow() throws {
        let values = try BinaryRow(decoding: MariaDB.binary17, columns: MariaDB.binaryColumns()).values
        #expect(
            values
                == [
                    .signed(-4), .signed(-300), .unsigned(.max), .float(1.5), .double(-2.25),
                    .bytes(Array("1234.56".utf8)), .bytes(Array("hello".utf8)), .bytes([0, 0x31]),
                    .dateTime(
                        .init(year: 2024, month: 2, day: 29, hour: 12, minute: 34, second: 56, microsecond: 789_012)),
                    .dateTime(.init(year: 2024, month: 2, day: 29)),
                    .time(.init(isNegative: true, days: 1, hour: 10, minute: 22, second: 33, microsecond: 4)),
                    .unsigned(2024), .bytes([5]), .dateTime(.init(year: 2024, month: 1, day: 1)),
                ].reduce(into: [BinaryValue.unsigned(1)]) { $0.append($1) })
        let nulls = try BinaryRow(decoding: MariaDB.binary18, columns: MariaDB.binaryColumns()).values
        #expect(nulls == [.unsigned(2)] + Array(repeating: .null, count: 14))
    }

    @Test("a value that isn't of its column's type is refused")
    func mismatch() {
        let cases: [(ColumnType, BinaryValue)] = [
            (.tiny, .signed(128)), (.tiny, .signed(-129)), (.short, .unsigned(65_536)), (.double, .signed(1)),
            (.date, .bytes([])), (ColumnType(rawValue: 100), .signed(1)),
        ]
        for (type, value) in cases {
            let columns = [ColumnDefinition(name: "c", type: type)]
            #expect(throws: WireError.self) { try BinaryRow(values: [value]).encode(columns: columns) }
        }
    }

    @Test("integers of every size and sign come back", arguments: [ColumnType.tiny, .short, .long, .int24, .longLong])
    func integers(_ type: ColumnType) throws {
        let signed = [ColumnDefinition(name: "c", type: type)]
        let unsigned = [ColumnDefinition(name: "c", type: type, flags: .unsigned)]
        for number: Int64 in [-128, -1, 0, 127] {
            let row = BinaryRow(values: [.signed(number)])
            #expect(try BinaryRow(decoding: row.encode(columns: signed), columns: signed) == row)
        }
        let row = BinaryRow(values: [.unsigned(255)])
        #expect(try BinaryRow(decoding: row.encode(columns: unsigned), columns: unsigned) == row)
    }

    @Test("the wish for a file names it")
    func localInfile() throws {
        let header = try ResultHeader(decoding: MariaDB.localInfile, capabilities: .plain)
        #expect(header == .localInfile(Array("/tmp/none.csv".utf8)))
    }

    @Test("MariaDB's and MySQL's flags beside the number of columns are read")
    func metadataFlags() throws {
        let mariadb = try ResultHeader(decoding: [5, 0], capabilities: .extended)
        #expect(mariadb == .columns(5, metadataFollows: false))
        let mysql = try ResultHeader(decoding: [1, 5], capabilities: .optionalResultsetMetadata)
        #expect(mysql == .columns(5, metadataFollows: true))
    }

    @Test("a prepared statement tells id, columns and parameters")
    func prepareOK() throws {
        let ok = try PreparedStatementOK(decoding: MariaDB.prepareOK)
        #expect(ok == PreparedStatementOK(statementID: 1, columns: 15, parameters: 2))
    }

    @Test("an execution tells its parameters")
    func execute() throws {
        let context = ExecuteCommand.Context(parameterCount: 2)
        let command = try ExecuteCommand(decoding: MariaDB.execute, context: context, capabilities: .plain)
        #expect(command.parameters.map(\.value) == [.signed(1), .bytes(Array("ab".utf8))])
    }

    @Test("an execution without types uses those of the one before, and long data isn't in it")
    func rebound() throws {
        let types = [ParameterType(.longLong, unsigned: true), ParameterType(.blob)]
        let parameters = [
            BinaryParameter(type: types[0], value: .unsigned(9)), BinaryParameter(type: types[1], value: nil),
        ]
        let command = ExecuteCommand(
            statementID: ExecuteCommand.lastPrepared, flags: .readOnlyCursor, parameters: parameters, bindsTypes: false)
        let payload = try command.encode()
        let context = ExecuteCommand.Context(parameterCount: 2, types: types, longData: [1])
        #expect(try ExecuteCommand(decoding: payload, context: context, capabilities: []) == command)
        #expect(try ExecuteCommand.statementID(in: payload) == 0xFFFF_FFFF)
        let forgotten = ExecuteCommand.Context(parameterCount: 2)
        #expect(throws: WireError.self) {
            try ExecuteCommand(decoding: payload, context: forgotten, capabilities: [])
        }
    }

    @Test("query attributes come with queries and executions")
    func attributes() throws {
        let query = try QueryCommand(decoding: MySQL.queryWithAttributes, capabilities: .queryAttributes)
        #expect(query.text == "SELECT 1")
        #expect(query.attributes.map(\.name) == ["trace"])
        #expect(query.attributes.map(\.value) == [.bytes(Array("abc123".utf8))])
        let execute = try ExecuteCommand(
            decoding: MySQL.executeWithAttributes, context: .init(parameterCount: 1),
            capabilities: .queryAttributes)
        #expect(execute.parameters.map(\.name) == ["", "when"])
        #expect(execute.parameters[0].value == .unsigned(.max))
    }
}
