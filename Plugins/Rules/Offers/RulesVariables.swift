import PluginAPI
import SQLText

/// The settings of the rules as rows of `global_variables`; names and ranges are ProxySQL's where it has them.
struct RulesVariables: Sendable {
    private let book: RulesBook
    private let loops: RulesLoops

    init(book: RulesBook, loops: RulesLoops) {
        self.book = book
        self.loops = loops
    }

    var all: [RuntimeVariable] { decisions + counting + digests }

    private var decisions: [RuntimeVariable] {
        [
            integer("query_processor_iterations", 0...1_000_000, \.route.iterations),
            integer("max_allowed_packet", 8192...1 << 30, \.route.longestText),
            integer("default_query_timeout", 0...1_728_000_000, \.defaultTimeout),
            integer("default_query_delay", 0...3_600_000, \.defaultDelay),
            integer("query_cache_size_MB", 0...1_048_576, \.cacheMegabytes),
            boolean("query_cache_stores_empty_result", \.cachesEmptyResults),
            integer("query_retries_on_failure", -1...1000, \.defaultRetries),
        ]
    }

    private var counting: [RuntimeVariable] {
        [
            boolean("stats_time_query_processor", \.measuresTime),
            boolean("commands_stats", \.countsCommands),
            boolean("query_digests", \.countsDigests),
            integer("query_digests_max", 0...10_000_000, \.mostDigests),
            boolean("query_digests_track_hostname", \.tracksClients),
        ]
    }

    private var digests: [RuntimeVariable] {
        [
            boolean("query_digests_lowercase", \.route.digest.lowercase),
            boolean("query_digests_replace_null", \.route.digest.replaceNull),
            boolean("query_digests_no_digits", \.route.digest.replaceDigits),
            boolean("query_digests_keep_comment", \.route.digest.keepComments),
            integer("query_digests_grouping_limit", 1...2089, \.route.digest.listLimit),
            integer("query_digests_groups_grouping_limit", 0...2089, \.route.digest.groupLimit),
            integer("query_digests_max_digest_length", 16...1_048_576, \.route.digest.maxTextLength),
            integer("query_digests_max_query_length", 16...16_777_216, \.route.digest.maxStatementLength),
        ]
    }

    private typealias Path<Value> = any WritableKeyPath<RulesSettings, Value> & Sendable

    private func integer<Number: BinaryInteger & Sendable>(
        _ name: String, _ range: ClosedRange<Int>, _ path: Path<Number>
    ) -> RuntimeVariable {
        .integer("mysql-" + name, in: range) { [book] in
            Int(book.current.settings[keyPath: path])
        } apply: { [self] number in
            change { $0[keyPath: path] = Number(clamping: number) }
        }
    }

    private func boolean(_ name: String, _ path: Path<Bool>) -> RuntimeVariable {
        .boolean("mysql-" + name) { [book] in
            book.current.settings[keyPath: path]
        } apply: { [self] isOn in
            change { $0[keyPath: path] = isOn }
        }
    }

    private func change(_ body: @Sendable (inout RulesSettings) -> Void) {
        book.change(body)
        loops.post { $0.takeNewRules() }
    }
}
