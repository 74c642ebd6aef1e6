-- mirror: what is written to the table visits is also written to a server that is being tried out.
--
--    $ millrace --plugins=proxy,rules,funnel,admin --admin-config-file=$PWD/Scripts/examples/mirror.sql \
--        --proxy-backend-addresses=127.0.0.1:3306 --funnel-users-file=users \
--        --admin-username=admin --admin-password=change-me
--    $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p shop
--    > CREATE OR REPLACE TABLE visits (id INT);
--    > SELECT SLEEP(0.5);
--    0
--    > INSERT INTO visits VALUES (7);
--    > SELECT SLEEP(0.5);
--    0
--    $ mariadb -sN -h127.0.0.1 -P3307 -uapp -p shop
--    > SELECT id FROM visits;
--    7
--
-- Nobody waits for the copies, so that they may overtake each other: hence the pauses.

INSERT INTO mysql_servers (hostgroup_id, hostname, port, comment) VALUES (9, '127.0.0.1', 3307, 'on trial');
LOAD MYSQL SERVERS TO RUNTIME;

DELETE FROM mysql_query_rules;
INSERT INTO mysql_query_rules (rule_id, active, match_digest, mirror_hostgroup, apply) VALUES
    (100, 1, '^(INSERT INTO|REPLACE INTO|UPDATE|DELETE FROM|CREATE OR REPLACE TABLE) visits\b', 9, 1);
LOAD MYSQL QUERY RULES TO RUNTIME;
