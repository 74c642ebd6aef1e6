-- read-write-split-by-schema: two schemas, each with a writer and a reader of its own.
--
--    $ millrace --plugins=proxy,rules,funnel,admin \
--        --admin-config-file=$PWD/Scripts/examples/read-write-split-by-schema.sql \
--        --proxy-backend-addresses=127.0.0.1:3306 --funnel-users-file=users \
--        --admin-username=admin --admin-password=change-me
--    $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p shop
--    > SELECT @@port;
--    3307
--    > SELECT @@port FOR UPDATE;
--    3306
--    $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p blog
--    > SELECT @@port;
--    3306
--    > SELECT @@port FOR UPDATE;
--    3307
--
-- Rules say whether it is a read, by their flagOUT; fast routing looks the flag up with user and schema. Its rows may
-- be hundreds of thousands; an empty username is for all users.

DELETE FROM mysql_servers;
INSERT INTO mysql_servers (hostgroup_id, hostname, port, comment) VALUES
    (10, '127.0.0.1', 3306, 'shop, writer'), (11, '127.0.0.1', 3307, 'shop, reader'),
    (20, '127.0.0.1', 3307, 'blog, writer'), (21, '127.0.0.1', 3306, 'blog, reader'),
    (0, '127.0.0.1', 3306, 'the rest');
LOAD MYSQL SERVERS TO RUNTIME;

DELETE FROM mysql_query_rules;
INSERT INTO mysql_query_rules (rule_id, active, match_digest, flagOUT, comment) VALUES
    (100, 1, '^SELECT .*(FOR (UPDATE|SHARE)|LOCK IN SHARE MODE|\b\w+_LOCK(S?) ?\()', 1, 'reads for the writer'),
    (200, 1, '^SELECT\b', 2, 'reads'),
    (300, 1, NULL, 1, 'the rest');
DELETE FROM mysql_query_rules_fast_routing;
INSERT INTO mysql_query_rules_fast_routing (username, schemaname, flagIN, destination_hostgroup, comment) VALUES
    ('', 'shop', 1, 10, 'writes'), ('', 'shop', 2, 11, 'reads'),
    ('', 'blog', 1, 20, 'writes'), ('', 'blog', 2, 21, 'reads');
LOAD MYSQL QUERY RULES TO RUNTIME;
