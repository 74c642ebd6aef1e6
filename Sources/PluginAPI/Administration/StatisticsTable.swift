/// A table of numbers that is made anew whenever somebody reads it.
public struct StatisticsTable: Sendable {
    /// Name and columns, for instance `stats_mysql_query_digest`.
    public let definition: TableDefinition
    /// Whether there is a twin with `_reset` at its name's end: reading that one sets the numbers back.
    public let isResettable: Bool
    /// Whether its numbers are metrics; not for tables with a row for every statement or session.
    public let isMetric: Bool
    /// The rows at this moment; with `true` the numbers are set back in the same step.
    ///
    /// Called on a thread that may wait, for instance for what the event loops tell.
    public let rows: @Sendable (_ reset: Bool) -> [[Cell]]

    /// A table with what makes its rows.
    public init(
        _ definition: TableDefinition, isResettable: Bool = false, isMetric: Bool = true,
        rows: @escaping @Sendable (_ reset: Bool) -> [[Cell]]
    ) {
        self.definition = definition
        self.isResettable = isResettable
        self.isMetric = isMetric
        self.rows = rows
    }
}
