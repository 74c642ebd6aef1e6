/// What the cache holds, and what became of those who asked it, since its beginning.
struct QueryCacheStatistics: BitwiseCopyable, Equatable, Sendable {
    /// Bytes of answers and marks, keys and all that is kept about them included.
    var memory = 0
    /// Look-ups.
    var gets: UInt64 = 0
    /// Look-ups that got an answer, at once or after a wait.
    var hits: UInt64 = 0
    /// Answers put in.
    var sets: UInt64 = 0
    /// Bytes of answers put in.
    var bytesIn: UInt64 = 0
    /// Bytes of answers handed out.
    var bytesOut: UInt64 = 0
    /// Answers that left: run out, displaced, replaced or flushed.
    var purged: UInt64 = 0
    /// Answers in the cache now.
    var entries = 0
    /// Look-ups that waited for another's execution.
    var waits: UInt64 = 0
    /// Answers displaced for want of room, which are among those purged.
    var evicted: UInt64 = 0
    /// Executions that are waited for now.
    var flights = 0

    /// The rows of `stats_mysql_global`.
    var rows: [(name: String, value: UInt64)] {
        [
            ("Query_Cache_Memory_bytes", UInt64(clamping: memory)), ("Query_Cache_count_GET", gets),
            ("Query_Cache_count_GET_OK", hits), ("Query_Cache_count_SET", sets), ("Query_Cache_bytes_IN", bytesIn),
            ("Query_Cache_bytes_OUT", bytesOut), ("Query_Cache_Purged", purged),
            ("Query_Cache_Entries", UInt64(clamping: entries)), ("Query_Cache_count_WAIT", waits),
            ("Query_Cache_Evicted", evicted),
        ]
    }

    static func += (left: inout Self, right: Self) {
        left.memory += right.memory
        left.gets &+= right.gets
        left.hits &+= right.hits
        left.sets &+= right.sets
        left.bytesIn &+= right.bytesIn
        left.bytesOut &+= right.bytesOut
        left.purged &+= right.purged
        left.entries += right.entries
        left.waits &+= right.waits
        left.evicted &+= right.evicted
        left.flights += right.flights
    }
}
