/// Variables of MySQL's that clients ask every server for, with the values of one that keeps to the defaults.
package enum CommonVariables {
    package static let values = [
        "auto_increment_increment": "1", "auto_increment_offset": "1", "autocommit": "1", "basedir": "/",
        "character_set_client": "utf8mb4", "character_set_connection": "utf8mb4", "character_set_database": "utf8mb4",
        "character_set_filesystem": "binary", "character_set_results": "utf8mb4", "character_set_server": "utf8mb4",
        "character_set_system": "utf8mb3", "collation_connection": "utf8mb4_general_ci",
        "collation_database": "utf8mb4_general_ci", "collation_server": "utf8mb4_general_ci",
        "default_storage_engine": "SQLite", "foreign_key_checks": "1", "group_concat_max_len": "1024",
        "have_ssl": "DISABLED", "hostname": "millrace", "init_connect": "", "innodb_lock_wait_timeout": "50",
        "interactive_timeout": "28800", "license": "Apache-2.0", "lower_case_table_names": "0",
        "max_allowed_packet": "67108864", "max_execution_time": "0", "net_buffer_length": "16384",
        "net_read_timeout": "30", "net_write_timeout": "60", "performance_schema": "0",
        "protocol_version": "10", "query_cache_size": "0", "query_cache_type": "OFF", "read_only": "0",
        "server_id": "1",
        "server_uuid": "00000000-0000-0000-0000-000000000000", "socket": "", "sql_auto_is_null": "0", "sql_mode": "",
        "sql_notes": "1", "sql_quote_show_create": "1", "sql_safe_updates": "0",
        "sql_select_limit": "18446744073709551615", "sql_warnings": "0",
        "system_time_zone": "UTC", "time_zone": "SYSTEM", "transaction_isolation": "READ-COMMITTED",
        "transaction_read_only": "0", "tx_isolation": "READ-COMMITTED", "tx_read_only": "0", "unique_checks": "1",
        "version_compile_machine": "", "version_compile_os": "Linux", "wait_timeout": "28800",
    ]
}
