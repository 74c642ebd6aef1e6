extension TrackPolicy {
    /// The session has set one of the variables by which it chooses what it is told.
    ///
    /// - Parameters:
    ///   - variable: its name, in lower case; any other changes nothing.
    ///   - value: the value as it stands in the statement; what is neither a word, a number nor a string changes nothing,
    ///     nor does what servers refuse.
    package mutating func set(_ variable: String, to value: String) {
        let content = Self.content(value)
        let word = content.lowercased()
        switch variable {
        case "session_track_schema": schema = Self.isSwitchedOn(word, usually: true) ?? schema
        case "session_track_state_change": stateChange = Self.isSwitchedOn(word, usually: false) ?? stateChange
        case "session_track_transaction_info": setTransaction(word)
        case "session_track_system_variables": setVariables(content, isQuoted: content != value)
        case "session_track_gtids": setGTIDs(word)
        // Open set: servers have other variables.
        default: break
        }
    }

    private mutating func setTransaction(_ word: String) {
        switch word {
        case "off", "0", "default": (transactionState, transactionCharacteristics) = (false, false)
        case "state", "1": (transactionState, transactionCharacteristics) = (true, false)
        case "characteristics", "2": (transactionState, transactionCharacteristics) = (true, true)
        // Open set: servers refuse it, or it is an expression.
        default: break
        }
    }

    private mutating func setVariables(_ list: String, isQuoted: Bool) {
        if !isQuoted {
            if list.lowercased() == "default" { variables = .named(Self.usualVariables) }
            return
        }
        let names = list.lowercased().split(separator: ",").map { name in
            String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        variables = names.contains("*") ? .all : .named(Set(names))
    }

    private mutating func setGTIDs(_ word: String) {
        switch word {
        case "off", "0", "default": gtids = false
        case "own_gtid", "1", "all_gtids", "2": gtids = true
        // Open set: servers refuse it, or it is an expression.
        default: break
        }
    }

    private static func isSwitchedOn(_ word: String, usually: Bool) -> Bool? {
        switch word {
        case "on", "1", "true": true
        case "off", "0", "false": false
        case "default": usually
        // Open set: servers refuse it, or it is an expression.
        default: nil
        }
    }

    /// What stands between quotes; the value itself where there are none.
    private static func content(_ value: String) -> String {
        guard let quote = value.first, quote == "'" || quote == "\"", value.count > 1, value.last == quote else {
            return value
        }
        return String(value.dropFirst().dropLast())
    }
}
