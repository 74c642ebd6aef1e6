import PluginAPI

/// The columns of `mysql_query_rules`, in their order.
///
/// Source: proxysql.md, section 1.1.
enum QueryRuleColumn: Int, CaseIterable {
    case ruleID
    case active
    case username
    case schemaname
    case flagIn
    case clientAddress
    case proxyAddress
    case proxyPort
    case digest
    case matchDigest
    case matchPattern
    case negateMatchPattern
    case modifiers
    case flagOut
    case replacePattern
    case destinationHostgroup
    case cacheTTL
    case cacheEmptyResult
    case cacheTimeout
    case reconnect
    case timeout
    case retries
    case delay
    case nextQueryFlagIn
    case mirrorFlagOut
    case mirrorHostgroup
    case errorMessage
    case okMessage
    case stickyConnection
    case multiplex
    case gtidFromHostgroup
    case log
    case apply
    case attributes
    case comment

    static let names = [
        "rule_id", "active", "username", "schemaname", "flagIN", "client_addr", "proxy_addr", "proxy_port", "digest",
        "match_digest", "match_pattern", "negate_match_pattern", "re_modifiers", "flagOUT", "replace_pattern",
        "destination_hostgroup", "cache_ttl", "cache_empty_result", "cache_timeout", "reconnect", "timeout", "retries",
        "delay", "next_query_flagIN", "mirror_flagOUT", "mirror_hostgroup", "error_msg", "OK_msg", "sticky_conn",
        "multiplex", "gtid_from_hostgroup", "log", "apply", "attributes", "comment",
    ]

    var name: String { Self.names[rawValue] }

    /// What ProxySQL reads and never uses; kept so that its configurations load.
    static let dead: [Self] = [.cacheTimeout, .reconnect, .stickyConnection]
}

extension TableDefinition {
    /// `mysql_query_rules`.
    static let queryRules = Self(
        name: "mysql_query_rules", columns: QueryRuleColumn.names, key: ["rule_id"],
        body: """
            rule_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
            active INT CHECK (active IN (0,1)) NOT NULL DEFAULT 0,
            username VARCHAR,
            schemaname VARCHAR,
            flagIN INT CHECK (flagIN >= 0) NOT NULL DEFAULT 0,
            client_addr VARCHAR,
            proxy_addr VARCHAR,
            proxy_port INT CHECK (proxy_port >= 0 AND proxy_port <= 65535),
            digest VARCHAR,
            match_digest VARCHAR,
            match_pattern VARCHAR,
            negate_match_pattern INT CHECK (negate_match_pattern IN (0,1)) NOT NULL DEFAULT 0,
            re_modifiers VARCHAR DEFAULT 'CASELESS',
            flagOUT INT CHECK (flagOUT >= 0),
            replace_pattern VARCHAR CHECK (replace_pattern IS NULL OR match_pattern IS NOT NULL),
            destination_hostgroup INT DEFAULT NULL,
            cache_ttl INT CHECK (cache_ttl > 0),
            cache_empty_result INT CHECK (cache_empty_result IN (0,1)) DEFAULT NULL,
            cache_timeout INT CHECK (cache_timeout >= 0),
            reconnect INT CHECK (reconnect IN (0,1)) DEFAULT NULL,
            timeout INT UNSIGNED CHECK (timeout >= 0),
            retries INT CHECK (retries >= 0 AND retries <= 1000),
            delay INT UNSIGNED CHECK (delay >= 0),
            next_query_flagIN INT UNSIGNED CHECK (next_query_flagIN >= 0),
            mirror_flagOUT INT UNSIGNED CHECK (mirror_flagOUT >= 0),
            mirror_hostgroup INT UNSIGNED CHECK (mirror_hostgroup >= 0),
            error_msg VARCHAR,
            OK_msg VARCHAR,
            sticky_conn INT CHECK (sticky_conn IN (0,1)),
            multiplex INT CHECK (multiplex IN (0,1,2)),
            gtid_from_hostgroup INT UNSIGNED CHECK (gtid_from_hostgroup >= 0),
            log INT CHECK (log IN (0,1)),
            apply INT CHECK (apply IN (0,1)) NOT NULL DEFAULT 0,
            attributes VARCHAR CHECK (json_valid(attributes) OR attributes = '') NOT NULL DEFAULT '',
            comment VARCHAR
            """)

    /// `mysql_query_rules_fast_routing`.
    static let fastRouting = Self(
        name: "mysql_query_rules_fast_routing",
        columns: ["username", "schemaname", "flagIN", "destination_hostgroup", "comment"],
        key: ["username", "schemaname", "flagIN"],
        body: """
            username VARCHAR NOT NULL,
            schemaname VARCHAR NOT NULL,
            flagIN INT NOT NULL DEFAULT 0,
            destination_hostgroup INT CHECK (destination_hostgroup >= 0) NOT NULL,
            comment VARCHAR NOT NULL,
            PRIMARY KEY (username, schemaname, flagIN)
            """)
}
