/// What one look at the backend's bytes came to, and how they go to the client.
package struct TranslatedStep: BitwiseCopyable, Equatable, Sendable {
    /// How the consumed bytes go to the client.
    package enum Form: BitwiseCopyable, Equatable, Sendable {
        /// As they are; nothing was appended to the output.
        case unchanged
        /// Not as they are: what was appended to the output goes in their place, perhaps nothing.
        case rewritten
    }

    /// Bytes, from the first one presented, that belong to the answer and are dealt with.
    package var consumed: Int
    /// How they go to the client.
    package var form: Form
    /// What follows them.
    package var event: ScanEvent

    /// A step over so many bytes.
    package init(consumed: Int, form: Form = .unchanged, event: ScanEvent) {
        self.consumed = consumed
        self.form = form
        self.event = event
    }
}

/// What changes in an answer besides its form, for the sake of what the proxy changed in the command.
package struct AnswerPatches: Equatable, Sendable {
    /// A column's name as the backend gives it, and as the client is to see it; its type too, where that differs.
    package struct ColumnName: Equatable, Sendable {
        /// The name to look for, whole or inside a longer one, in the connection's character set.
        package var found: [UInt8]
        /// The name to show.
        package var shown: [UInt8]

        /// What to show of the value, whose text is the same in both types; nil leaves the backend's.
        package var type: ValueType?

        /// A pair of names.
        package init(found: [UInt8], shown: [UInt8], type: ValueType? = nil) {
            self.found = found
            self.shown = shown
            self.type = type
        }
    }

    /// Fields of a column definition that tell what its values are.
    package struct ValueType: BitwiseCopyable, Equatable, Sendable {
        /// The type's number.
        package var type: UInt8
        /// The most bytes that a value has as text.
        package var length: UInt32
        /// The flags' bits.
        package var flags: UInt16

        /// A type with its length and flags.
        package init(type: UInt8, length: UInt32, flags: UInt16) {
            self.type = type
            self.length = length
            self.flags = flags
        }
    }

    /// The statement id to show in the answer to COM_STMT_PREPARE; nil leaves the backend's.
    package var statementID: UInt32?
    /// Names of columns in the answer's first result set, or of a prepared statement's columns.
    package var columnNames: [ColumnName]

    /// Patches; none by default.
    package init(statementID: UInt32? = nil, columnNames: [ColumnName] = []) {
        self.statementID = statementID
        self.columnNames = columnNames
    }

    /// Whether there is anything to patch.
    var isNeeded: Bool { statementID != nil || !columnNames.isEmpty }
}
