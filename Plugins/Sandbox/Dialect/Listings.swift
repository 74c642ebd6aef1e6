/// What the server knows of itself and SHOW lists; asked only where a statement wants it.
struct Listings {
    /// The names and values of the variables, sorted by name.
    var variables: () -> [(name: String, value: String)]
    /// The names and values of the server's counters, sorted by name.
    var status: () -> [[String]] = { [] }
    /// Id, user, host, database, command, seconds, state and statement of every session.
    var processes: () -> [[String]] = { [] }
}
