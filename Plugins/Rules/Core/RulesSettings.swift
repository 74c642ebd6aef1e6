/// The settings that the administrator may change while the process runs.
struct RulesSettings: Equatable, Sendable {
    /// What decisions depend on.
    var route = RouteSettings()
    /// Whether statements are counted by digest (mysql-query_digests).
    var countsDigests = true
    /// The most digests that are counted, all loops together (mysql-query_digests_max).
    var mostDigests = 100_000
    /// Whether digests are counted by client address too (mysql-query_digests_track_hostname).
    var tracksClients = false
    /// Whether statements are counted by kind (mysql-commands_stats).
    var countsCommands = true
    /// Whether the time that decisions take is measured (mysql-stats_time_query_processor).
    var measuresTime = false
    /// Milliseconds that a statement may take where no rule says; 0 for any time.
    var defaultTimeout = 0
    /// Milliseconds that a statement waits where no rule says.
    var defaultDelay = 0
    /// How often a statement is sent again where no rule says; -1 for as often as whoever sends it thinks right.
    var defaultRetries = -1

    /// The query cache's room in MB (mysql-query_cache_size_MB).
    var cacheMegabytes = 256
    /// Whether results without rows are kept where no rule says (mysql-query_cache_stores_empty_result).
    var cachesEmptyResults = true

    /// The query cache's room.
    var cacheBytes: Int { cacheMegabytes << 20 }

    /// The settings of decisions, of which explanations mustn't count.
    var explaining: RouteSettings {
        var settings = route
        settings.countsHits = false
        return settings
    }
}
