-- read-write-split: reads go to the read-only servers (hostgroup 1), everything else to the writer (hostgroup 0).
--
--    $ millrace --plugins=proxy,rules,funnel,admin --admin-config-file=$PWD/Scripts/examples/read-write-split.sql \
--        --proxy-backend-addresses=127.0.0.1:3306 --proxy-read-only-backend-addresses=127.0.0.1:3307 \
--        --funnel-users-file=users --admin-username=admin --admin-password=change-me
--    $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p
--    > SELECT @@port;
--    3307
--    > SELECT @@port FOR UPDATE;
--    3306
--    > BEGIN;
--    > SELECT @@port;
--    3306
--    > COMMIT;
--    > SELECT GET_LOCK('jobs', 1);
--    1
--    > SELECT @@port;
--    3306
--    > SELECT RELEASE_LOCK('jobs');
--    1
--    > SELECT @@port;
--    3307
--    > SET autocommit = 0;
--    > SELECT @@port;
--    3306
--
-- A transaction, and whatever else pins a session, stays where it began: with the writer, as BEGIN and GET_LOCK do.
-- With autocommit off a SELECT begins one too: such a session stays with the writer.
-- A reader lags behind: what must see the session's last write asks the writer: SELECT /* hostgroup=0 */ …

DELETE FROM mysql_query_rules;
INSERT INTO mysql_query_rules (rule_id, active, match_digest, destination_hostgroup, apply, comment) VALUES
    (100, 1, '^SELECT .*FOR (UPDATE|SHARE)', 0, 1, 'locks rows'),
    (110, 1, '^SELECT .*LOCK IN SHARE MODE', 0, 1, 'locks rows'),
    (120, 1, '^SELECT .*\b(GET_LOCK|RELEASE_LOCK|RELEASE_ALL_LOCKS|IS_(FREE|USED)_LOCK) ?\(', 0, 1, 'named locks'),
    (130, 1, '^SELECT .*\b(NEXTVAL|SETVAL|LASTVAL) ?\(', 0, 1, 'sequences'),
    (140, 1, '^SELECT .*\bINTO (OUTFILE|DUMPFILE)\b', 0, 1, 'files'),
    (200, 1, '^(SELECT|WITH\b(?!.*\b(INSERT|UPDATE|DELETE)\b)|VALUES|TABLE)\b', 1, 1, 'reads');
LOAD MYSQL QUERY RULES TO RUNTIME;
