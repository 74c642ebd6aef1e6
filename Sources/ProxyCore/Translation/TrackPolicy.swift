package import MySQLWire

/// Which changes of its session's state a client is told: what its own session_track_… variables say.
///
/// Source: MariaDB knowledge base, "Session Tracking"; MySQL manual, "Server Tracking of Client Session State".
package struct TrackPolicy: Equatable, Sendable {
    /// What session_track_system_variables says.
    package enum Variables: Equatable, Sendable {
        /// All of them, `*`.
        case all
        /// Those with these names, in lower case.
        case named(Set<String>)
    }

    /// System variables that are told.
    package var variables = Variables.named(Self.usualVariables)
    /// Whether the schema is told (session_track_schema).
    package var schema = true
    /// Whether it is told that some state changed (session_track_state_change).
    package var stateChange = false
    /// Whether the transaction's state is told (session_track_transaction_info from `STATE` on).
    package var transactionState = false
    /// Whether the statements that open the transaction again are told (session_track_transaction_info=`CHARACTERISTICS`).
    package var transactionCharacteristics = false
    /// Whether GTIDs are told (MySQL's session_track_gtids).
    package var gtids = false

    /// What servers tell by default: the schema and the variables that matter to connectors.
    package init() {}

    /// What MariaDB 10.11's session_track_system_variables is by default; MySQL's default is the same five.
    package static let usualVariables: Set<String> = [
        "autocommit", "character_set_client", "character_set_connection", "character_set_results", "time_zone",
    ]

    /// The changes that are told, in their order.
    package func told(_ changes: [SessionStateChange]) -> [SessionStateChange] {
        changes.compactMap(told)
    }

    private func told(_ change: SessionStateChange) -> SessionStateChange? {
        guard case .systemVariables(let variables) = change, case .named(let names) = self.variables else {
            return tells(type: change.type) ? change : nil
        }
        let told = variables.filter { names.contains($0.name) }
        return told.isEmpty ? nil : .systemVariables(told)
    }

    /// Whether a kind is told; variables that couldn't be read are only told with all others.
    private func tells(type: UInt8) -> Bool {
        switch type {
        case 0: variables == .all
        case 1: schema
        case 2: stateChange
        case 3: gtids
        case 4: transactionCharacteristics
        case 5: transactionState
        // Open set: a kind that nobody asked for.
        default: false
        }
    }
}
