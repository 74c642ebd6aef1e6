import SQLText
import Testing

@Suite("USE, as a query")
struct UseStatementTests {
    @Test(
        "the schema that it names",
        arguments: [
            ("USE shop", "shop"), ("use shop;", "shop"), (" \n/* to */ uSe\t`my ``shop`` x` ;", "my `shop` x"),
            ("-- first\nUSE shop -- then", "shop"), ("# first\nUSE/**/shop/* then */", "shop"),
            ("/*!50000 USE shop */", "shop"), ("USE 1shop", "1shop"), ("USE shöp$_2", "shöp$_2"),
        ])
    func named(_ text: String, _ schema: String) {
        #expect(UseStatement.schema(in: Array(text.utf8).span).map { String(decoding: $0, as: UTF8.self) } == schema)
    }

    @Test(
        "what is no USE, or names nothing",
        arguments: [
            "", "  ", "USE", "USE ;", "USE ``", "USELESS shop", "UPDATE shop SET a = 1", "SELECT 'USE shop'",
            "/* USE shop */", "-- USE shop", "EXPLAIN USE", "U", "/*",
        ])
    func none(_ text: String) {
        #expect(UseStatement.schema(in: Array(text.utf8).span) == nil)
    }
}
