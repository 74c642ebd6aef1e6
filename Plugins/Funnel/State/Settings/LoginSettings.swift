import MySQLWire

/// The settings of the last login on a loop: the next one often has the same, and is spared to have them put together.
struct LoginSettings {
    /// What a login says of its settings.
    struct Question: Equatable {
        let collation: UInt8
        /// Empty for none.
        let schema: [UInt8]
        let takesSeveralStatements: Bool
    }

    private var last: (question: Question, settings: SessionSettings)?

    /// The settings that such a login gives.
    mutating func settings(_ question: Question, in table: SettingsTable) -> SessionSettings {
        if let last, last.question == question { return last.settings }
        let settings = table.settings(
            .login(
                collation: question.collation, schema: question.schema.isEmpty ? nil : question.schema,
                takesSeveralStatements: question.takesSeveralStatements))
        last = (question, settings)
        return settings
    }
}
