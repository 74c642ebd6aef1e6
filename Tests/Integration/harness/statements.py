"""Statements of a random session, in blocks: all that a session may keep, said and asked for in any order."""

SCHEMAS = 5
CHARACTER_SETS = [
    "latin1",
    "utf8mb4",
    "utf8mb3",
    "cp1251",
    "utf8mb4 COLLATE utf8mb4_bin",
    "latin1 COLLATE latin1_german2_ci",
]
MODES = [
    "",
    "ANSI_QUOTES",
    "PIPES_AS_CONCAT",
    "NO_BACKSLASH_ESCAPES",
    "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO",
    "DEFAULT",
]
ZONES = ["+00:00", "+05:30", "-08:00", "SYSTEM"]

# Once for a server, before the sessions.
SCHEMA = "CREATE DATABASE home; CREATE TABLE home.place AS SELECT 'home' AS name;" + "".join(
    f"CREATE DATABASE s{n}; CREATE TABLE s{n}.place AS SELECT 's{n}' AS name;" for n in range(SCHEMAS)
)


class Script:
    """What one session says. A step is a statement, or a tuple that names another command."""

    def __init__(self, number, dice):
        self.number, self.dice = number, dice
        self.table = f"home.t{number}"
        self.prepared, self.serial = set(), 0
        self.blocks = [
            (self.user_variables, 6), (self.ask_user_variables, 8), (self.system_variables, 4),
            (self.ask_system_variables, 6),
            (self.character_sets, 3), (self.schemas, 4), (self.sql_prepare, 4), (self.binary_prepare, 5),
            (self.inserts, 6),
            (self.counts, 4), (self.warnings, 4), (self.errors, 3), (self.transaction, 3), (self.without_autocommit, 1),
            (self.temporary_table, 2), (self.named_lock, 2), (self.reset, 0.3),
        ]  # fmt: skip

    def preparation(self):
        return [
            "USE home",
            f"CREATE OR REPLACE TABLE {self.table} (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(60)) ENGINE=InnoDB",
        ]  # fmt: skip

    def block(self):
        blocks, weights = zip(*self.blocks)
        return self.dice.choices(blocks, weights)[0]()

    # Values; texts and numbers name their session, so that a stray one tells whose it is.

    def text(self):
        self.serial += 1
        return f"'{self.number}.{self.serial} {self.dice.choice(['plain', 'größer', 'a b', ''])}'"

    def literal(self):
        whole = self.number * 1000 + self.dice.randrange(1000)
        return self.dice.choice([
            self.text(), str(whole), f"-{whole}", f"{whole}.50", f"{whole}e10", "NULL", f"x'{whole:08x}'",
            f"_latin1{self.text()}",
            str(2**63 + whole), "TRUE",
        ])  # fmt: skip

    def variable(self):
        return f"@v{self.dice.randrange(4)}"

    # Blocks

    def user_variables(self):
        one, two = self.variable(), self.variable()
        yield self.dice.choice([
            f"SET {one} = {self.literal()}", f"SET {one} = {self.literal()}, {two} = {self.literal()}",
            f"SELECT {one} := {self.literal()}", f"SELECT {self.literal()} INTO {one}", f"SET {one} = {two}",
            f"SELECT COUNT(*), MAX(v) FROM {self.table} INTO {one}, @count", f"SET {one} := CONCAT({self.text()}, '!')",
        ])  # fmt: skip

    def ask_user_variables(self):
        yield "SELECT @v0, @v1, @v2, @v3, @count"
        if self.dice.random() < 0.3:
            yield "SELECT CHARSET(@v0), COLLATION(@v1), HEX(@v2), @v3 IS NULL"

    def system_variables(self):
        number = self.number + self.dice.randrange(100)
        yield self.dice.choice([
            f"SET SESSION sql_mode = {self.mode()}", f"SET time_zone = '{self.dice.choice(ZONES)}'",
            f"SET SESSION group_concat_max_len = {1000 + number}", f"SET @@max_statement_time = {100 + number}",
            f"SET div_precision_increment = {number % 20}, @v0 = {self.literal()}",
            f"SET timestamp = {1_000_000 + number}",
            "SET timestamp = DEFAULT", f"SET lc_time_names = '{self.dice.choice(['de_DE', 'fr_FR', 'en_US'])}'",
            f"SET SESSION TRANSACTION ISOLATION LEVEL {self.dice.choice(['READ COMMITTED', 'REPEATABLE READ'])}",
            # Never both 0: once an INSERT into an empty table is rolled back, a restart would forget AUTO_INCREMENT.
            f"SET foreign_key_checks = {number % 2}, unique_checks = {1 - number % 2}", "SET no_such_variable = 1",
        ])  # fmt: skip

    def mode(self):
        mode = self.dice.choice(MODES)
        return mode if mode == "DEFAULT" else f"'{mode}'"

    def ask_system_variables(self):
        yield self.dice.choice([
            "SELECT @@sql_mode, @@time_zone, @@group_concat_max_len, @@max_statement_time, @@tx_isolation",
            "SELECT 1/3, 'a' || 'b', FROM_UNIXTIME(0), DATE_FORMAT('2024-03-01', '%M'), LENGTH('\\\\')",
            "SELECT @@foreign_key_checks, @@unique_checks, @@autocommit, @@lc_time_names, @@div_precision_increment",
            "SELECT @@timestamp < 2000000, IF(@@timestamp < 2000000, NOW(), 'now')",
        ])  # fmt: skip

    def character_sets(self):
        yield f"SET NAMES {self.dice.choice(CHARACTER_SETS)}"
        yield "SELECT @@character_set_client, @@character_set_results, @@collation_connection"
        yield "SELECT LENGTH('é'), 'a' = 'A', CHARSET('x')"

    def schemas(self):
        if self.dice.random() < 0.6:
            yield f"USE {self.dice.choice(['home', *[f's{n}' for n in range(SCHEMAS)], 'no_such_schema'])}"
        yield "SELECT DATABASE(), name FROM place"

    def sql_prepare(self):
        name = f"p{self.dice.randrange(3)}"
        yield self.dice.choice([
            f"PREPARE {name} FROM 'SELECT {self.number}, {self.dice.randrange(100)}, ?'", f"EXECUTE {name} USING @v1",
            f"EXECUTE {name} USING {self.variable()}", f"DEALLOCATE PREPARE {name}",
        ])  # fmt: skip

    def binary_prepare(self):
        name = f"b{self.dice.randrange(4)}"
        if name not in self.prepared:
            self.prepared.add(name)
            sqls = [
                "SELECT ?, @v0, {}",
                "SELECT name, ?, {} FROM home.place",
                "SELECT COUNT(*) + {}, ? FROM " + self.table,
            ]
            yield "prepare", name, self.dice.choice(sqls).format(self.number)
        for _ in range(self.dice.randrange(3)):
            yield "execute", name, [self.dice.choice([None, f"{self.number} größer", ""])]
        if self.dice.random() < 0.2:
            self.prepared.discard(name)
            yield "close", name

    def insert(self):
        values = ", ".join(f"({self.text()})" for _ in range(self.dice.randint(1, 3)))
        return f"INSERT INTO {self.table} (v) VALUES {values}"

    def inserts(self):
        yield self.insert()
        yield self.dice.choice(
            ["SELECT LAST_INSERT_ID(), ROW_COUNT()", "SELECT ROW_COUNT()", "SELECT LAST_INSERT_ID() + 1 AS next"]
        )
        if self.dice.random() < 0.5:
            yield "SELECT LAST_INSERT_ID()"
        if self.dice.random() < 0.2:
            yield f"DELETE FROM {self.table} WHERE id % 3 = 0"
            yield "SELECT ROW_COUNT()"

    def counts(self):
        yield self.dice.choice([
            f"SELECT SQL_CALC_FOUND_ROWS seq FROM seq_1_to_{10 + self.number} LIMIT 2",
            f"SELECT seq FROM seq_1_to_{1 + self.number % 30}",
            f"SELECT LAST_INSERT_ID({self.number * 1000 + self.dice.randrange(1000)})",
            f"SELECT id, v FROM {self.table} ORDER BY id LIMIT 3",
        ])  # fmt: skip
        yield self.dice.choice(["SELECT FOUND_ROWS()", "SELECT FOUND_ROWS(), ROW_COUNT()", "SELECT LAST_INSERT_ID()"])

    def warnings(self):
        yield f"SELECT CAST('{self.number} x' AS SIGNED), CAST('y{self.number}' AS SIGNED)"
        yield self.dice.choice(
            ["SHOW WARNINGS", "SELECT @@warning_count", "SHOW COUNT(*) WARNINGS", "SHOW WARNINGS LIMIT 1"]
        )

    def errors(self):
        yield self.dice.choice(
            [f"SELECT no_such_{self.number}", f"SELECT * FROM home.none_{self.number}", f"SELECT {self.number} +"]
        )
        yield self.dice.choice([
            "SHOW WARNINGS", "SHOW ERRORS", "GET DIAGNOSTICS CONDITION 1 @v1 = MESSAGE_TEXT, @v2 = MYSQL_ERRNO",
            "SELECT @@error_count",
        ])  # fmt: skip
        yield "SELECT @v1, @v2"

    def transaction(self):
        yield self.dice.choice(
            ["BEGIN", "START TRANSACTION", "START TRANSACTION READ ONLY", "START TRANSACTION WITH CONSISTENT SNAPSHOT"]
        )
        for _ in range(self.dice.randint(1, 3)):
            yield self.insert()
            yield f"SELECT COUNT(*), MAX(id), @v0 FROM {self.table}"
        yield self.dice.choice(["COMMIT", "ROLLBACK"])
        yield f"SELECT COUNT(*), MAX(id) FROM {self.table}"

    def without_autocommit(self):
        yield "SET autocommit = 0"
        yield f"SELECT COUNT(*) FROM {self.table}"
        yield self.insert()
        yield self.dice.choice(["COMMIT", "ROLLBACK"])
        yield "SET autocommit = 1"
        yield f"SELECT COUNT(*), @@autocommit FROM {self.table}"

    def temporary_table(self):
        """All sessions call it the same, and one that is gone must be gone."""
        yield f"CREATE TEMPORARY TABLE home.passing AS SELECT {self.number} AS whose"
        yield f"INSERT INTO home.passing VALUES ({self.number + 1})"
        yield "SELECT * FROM home.passing ORDER BY whose"
        yield self.dice.choice(["DROP TEMPORARY TABLE home.passing", "DROP TABLE home.passing"])
        yield "SELECT * FROM home.passing"

    def named_lock(self):
        name = f"'lock {self.number}'"
        yield f"SELECT GET_LOCK({name}, 0)"
        yield f"SELECT IS_FREE_LOCK({name}), @v1"
        yield self.dice.choice([f"SELECT RELEASE_LOCK({name})", "SELECT @v2", f"DO RELEASE_LOCK({name})"])
        # The end of the pin that anybody can prove.
        yield "SELECT RELEASE_ALL_LOCKS()"
        yield f"SELECT IS_FREE_LOCK({name})"

    def reset(self):
        yield ("reset",)
        self.prepared.clear()
        yield "SELECT @v0, @@sql_mode, @@character_set_client, LAST_INSERT_ID()"
