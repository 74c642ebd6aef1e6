import EmbeddedSQL
import MySQLWire

/// BEGIN, COMMIT and ROLLBACK over the tables; without BEGIN every statement is in effect at once.
///
/// `SET autocommit=0` begins nothing: drivers send it unasked, and administrators' scripts that never commit would
/// change nothing.
extension AdminSession {
    /// - Returns: whether the statement was one about transactions.
    func runTransaction(_ text: StatementText, _ output: Output) throws -> Bool {
        switch text.word(0) {
        case "BEGIN", "START":
            guard text.word(0) == "BEGIN" || text.word(1) == "TRANSACTION" else { return false }
            try commitOpen()
            // The account that reads statistics has nothing to commit.
            if isAdministrator { try open().execute("BEGIN") }
            output.done()
        case "COMMIT":
            try commitOpen()
            output.done()
        case "ROLLBACK": try rollback(text, output)
        case "SAVEPOINT": try savepoint("SAVEPOINT", text, at: 1, output)
        case "RELEASE": try savepoint("RELEASE", text, at: text.word(1) == "SAVEPOINT" ? 2 : 1, output)
        case _: return false
        }
        return true
    }

    private func rollback(_ text: StatementText, _ output: Output) throws {
        if let place = text.words.firstIndex(of: "TO") {
            return try savepoint(
                "ROLLBACK TO", text, at: text.word(place + 1) == "SAVEPOINT" ? place + 2 : place + 1, output)
        }
        guard isInTransaction else {
            warnings = ["Nothing to roll back: what was changed without BEGIN was in effect at once"]
            return output.done(warnings: 1)
        }
        try connection?.execute("ROLLBACK")
        output.done()
    }

    private func savepoint(_ verb: String, _ text: StatementText, at index: Int, _ output: Output) throws {
        guard index == text.pieces.count - 1, text.pieces[index].isName else {
            throw AdminError.syntax("\(verb) takes one name")
        }
        if isInTransaction {
            try connection?.execute("\(verb) \(Literal.name(text.pieces[index].text))")
        } else if verb != "SAVEPOINT" {
            throw SQLError(
                code: 1305, state: "42000", message: "SAVEPOINT \(text.pieces[index].text) does not exist; BEGIN first")
        }
        output.done()
    }

    /// Whether BEGIN was said and the end is still to come.
    var isInTransaction: Bool { connection?.isInsideTransaction ?? false }

    /// Commits what BEGIN has begun, as LOAD and SAVE need it, which read what is committed.
    func commitOpen() throws {
        guard isInTransaction, let connection else { return }
        try connection.execute("COMMIT")
        world?.store.noteChanges(connection.changes)
    }

    /// Takes back what wasn't committed: the session ends, or begins anew.
    func rollbackOpen() {
        guard isInTransaction else { return }
        try? connection?.execute("ROLLBACK")
    }
}
