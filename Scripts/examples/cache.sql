-- cache: counts may be five seconds old.
--
--    $ millrace --plugins=proxy,rules,funnel,admin --admin-config-file=$PWD/Scripts/examples/cache.sql \
--        --proxy-backend-addresses=127.0.0.1:3306 --funnel-users-file=users \
--        --admin-username=admin --admin-password=change-me
--    $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p shop
--    > CREATE OR REPLACE TABLE visits (id INT);
--    > SELECT COUNT(*) FROM visits;
--    0
--    > INSERT INTO visits VALUES (1);
--    > SELECT COUNT(*) FROM visits;
--    0
--    > SELECT COUNT(*) AS n FROM visits;
--    1
--
-- The last one is another text, and was asked for the first time. Many who ask at once for what isn't there wait for
-- one execution.

DELETE FROM mysql_query_rules;
INSERT INTO mysql_query_rules (rule_id, active, match_digest, cache_ttl, apply) VALUES
    (100, 1, '^SELECT COUNT\(', 5000, 1);
LOAD MYSQL QUERY RULES TO RUNTIME;
SET mysql-query_cache_size_MB = '64';
LOAD MYSQL VARIABLES TO RUNTIME;
