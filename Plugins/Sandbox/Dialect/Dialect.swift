import MySQLWire

/// Translates MySQL's statements to what the session does in SQLite.
struct Dialect {
    let rewriter: Rewriter
    let listings: Listings

    var schema: String { rewriter.schema }

    /// The statements of a query, cut at their semicolons.
    static func split(_ query: [UInt8]) throws(SQLError) -> [ArraySlice<Token>] {
        let tokens = try Tokenizer.tokens(of: query)
        return tokens.split { $0.isSymbol(";") }
    }

    func translate(_ tokens: ArraySlice<Token>) throws(SQLError) -> Statement {
        var cursor = TokenCursor(tokens)
        guard let first = cursor.current else { throw SQLError.emptyQuery }
        guard first.kind == .word || first.isSymbol("(") else { throw near(first) }
        switch first.text.uppercased() {
        case "SELECT":
            let text = try select(tokens)
            return isLocking(tokens) ? .lock(text) : .run([text])
        case "WITH", "(", "VALUES", "TABLE": return .run([try rewriter.rewrite(tokens)])
        case "INSERT", "REPLACE": return .run([try insert(&cursor)])
        case "UPDATE", "DELETE": return .run([try change(&cursor)])
        case "SHOW", "DESCRIBE", "DESC", "EXPLAIN": return .run([try show(&cursor)])
        case "CREATE", "DROP", "ALTER", "TRUNCATE", "RENAME": return .define(try define(&cursor))
        case "SET": return .set(try assignments(&cursor))
        case "USE": return try use(&cursor)
        case "DO": return .discard("SELECT " + (try rewriter.rewrite(tokens.dropFirst())))
        case _: return try control(first, &cursor)
        }
    }

    /// Transactions, and statements that mean nothing here or are not for clients.
    private func control(_ first: Token, _ cursor: inout TokenCursor) throws(SQLError) -> Statement {
        switch first.text.uppercased() {
        case "BEGIN": return .begin(snapshot: false)
        case "START":
            guard cursor.take("START", "TRANSACTION") else { throw near(first) }
            return .begin(snapshot: cursor.take("WITH", "CONSISTENT", "SNAPSHOT"))
        case "COMMIT": return .commit
        case "ROLLBACK":
            guard cursor.tokens.contains(where: { $0.isWord("TO") }) else { return .rollback }
            return .savepoint(try rewriter.rewrite(cursor.tokens.filter { !$0.isWord("WORK") }[...]))
        case "SAVEPOINT", "RELEASE": return .savepoint(try rewriter.rewrite(cursor.tokens))
        case "LOCK", "UNLOCK", "FLUSH", "ANALYZE", "OPTIMIZE": return .nothing
        case "ATTACH", "DETACH", "PRAGMA", "VACUUM", "REINDEX": throw SQLError.refused(first.text.uppercased())
        case "KILL", "LOAD", "CALL", "GRANT", "REVOKE", "HANDLER", "PREPARE", "EXECUTE", "DEALLOCATE", "CHECK",
            "IMPORT", "XA",
            "INSTALL", "CHANGE", "RESET", "PURGE", "SHUTDOWN":
            throw SQLError.unsupported(first.text.uppercased())
        case _: throw near(first)
        }
    }

    /// Whether the query ends in FOR UPDATE, or in words that also keep others from writing.
    private func isLocking(_ tokens: ArraySlice<Token>) -> Bool {
        zip(tokens, tokens.dropFirst()).contains {
            ($0.isWord("FOR") && ($1.isWord("UPDATE") || $1.isWord("SHARE"))) || ($0.isWord("LOCK") && $1.isWord("IN"))
        }
    }

    private func use(_ cursor: inout TokenCursor) throws(SQLError) -> Statement {
        cursor.index += 1
        return .use(try cursor.name("a database's name"))
    }

    func near(_ token: Token) -> SQLError { SQLError.syntax("unexpected '\(token.text)'") }
}
