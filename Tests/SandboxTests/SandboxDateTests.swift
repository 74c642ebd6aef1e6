import Testing

@testable import SandboxPlugin

@Suite("Dates and catalogs of the sandbox")
struct SandboxDateTests {
    let client: SandboxClient

    init() throws { client = try Sandbox().client() }

    @Test(
        "functions of dates",
        arguments: [
            ("DATE_FORMAT('2024-02-09 15:04:05', '%Y-%m-%d %H:%i:%s')", "2024-02-09 15:04:05"),
            ("DATE_FORMAT('2024-02-09 15:04:05', '%W, %M %D %y, %l:%i %p %%')", "Friday, February 9th 24, 3:04 PM %"),
            ("DATE_FORMAT('no date', '%Y')", "NULL"),
            ("DATE_ADD('2024-01-31', INTERVAL 1 MONTH)", "2024-02-29"),
            ("DATE_SUB('2024-03-01', INTERVAL 1 DAY)", "2024-02-29"),
            ("'2024-12-31' + INTERVAL 1 HOUR", "2024-12-31 01:00:00"),
            ("'2023-12-31 23:59:59' + INTERVAL 1 SECOND - INTERVAL 1 YEAR", "2023-01-01 00:00:00"),
            ("DATEDIFF('2024-03-01 00:00:00', '2024-02-01')", "29"),
            ("YEAR('2024-02-09')", "2024"), ("DAYNAME('1969-12-31')", "Wednesday"),
            ("LAST_DAY('2023-02-03')", "2023-02-28"), ("UNIX_TIMESTAMP('1970-01-02')", "86400"),
            ("FROM_UNIXTIME(86399)", "1970-01-01 23:59:59"), ("DATE_ADD(NULL, INTERVAL 1 DAY)", "NULL"),
            ("DATE_ADD('9999-12-31', INTERVAL 1 DAY)", "NULL"), ("TO_DAYS('1970-01-01')", "719528"),
            ("DATEDIFF(DATE_ADD(CURDATE(), INTERVAL 10 DAY), NOW())", "10"),
        ])
    func dates(expression: String, value: String) throws {
        #expect(try client.rows("SELECT \(expression)") == [[value]])
    }

    @Test("every day of 800 years has its number, and the number its day")
    func dayNumbers() {
        var number = -200_000
        while number < 100_000 {
            let time = CalendarTime(days: number, seconds: 0, hasClock: false)
            #expect(time.dayNumber == number)
            #expect(CalendarTime(time.text) == time)
            number += 13
        }
    }

    @Test("INTERVAL with an unknown unit, or none, says what is missing")
    func badIntervals() throws {
        #expect(try client.code("SELECT NOW() + INTERVAL 1 FORTNIGHT") == 1235)
        #expect(try client.code("SELECT NOW() + INTERVAL") == 1064)
        #expect(try client.code("SELECT + INTERVAL 1 DAY") == 1064)
        #expect(try client.code("SELECT DATE_ADD(NOW(), 1)") == 1064)
    }

    @Test("information_schema's tables and columns, with an alias and without")
    func catalog() throws {
        try client.run("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL)")
        #expect(
            try client.rows(
                "SELECT table_name, TABLE_TYPE FROM information_schema.tables WHERE table_schema = 'sandbox'")
                == [["t", "BASE TABLE"]])
        let columns = """
            SELECT c.COLUMN_NAME, c.DATA_TYPE, c.IS_NULLABLE FROM INFORMATION_SCHEMA.COLUMNS c \
            JOIN `information_schema`.`TABLES` AS t ON t.TABLE_NAME = c.TABLE_NAME ORDER BY c.ORDINAL_POSITION
            """
        #expect(try client.rows(columns) == [["id", "integer", "NO"], ["name", "varchar", "NO"]])
        #expect(try client.rows("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA") == [["sandbox"]])
    }

    @Test("text is compared without regard to capitals, but for binary columns")
    func collation() throws {
        try client.run("CREATE TABLE c (a VARCHAR(9), b VARCHAR(9) COLLATE utf8mb4_bin)")
        try client.run("INSERT INTO c VALUES ('Fig', 'Fig')")
        #expect(try client.rows("SELECT COUNT(*) FROM c WHERE a = 'FIG'") == [["1"]])
        #expect(try client.rows("SELECT COUNT(*) FROM c WHERE b = 'FIG'") == [["0"]])
    }
}
