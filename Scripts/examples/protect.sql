-- protect: refuses changes of whole tables, ends what takes too long, answers what nobody needs, corrects a query.
--
--    $ millrace --plugins=proxy,rules,admin --admin-config-file=$PWD/Scripts/examples/protect.sql \
--        --proxy-backend-addresses=127.0.0.1:3306 --admin-username=admin --admin-password=change-me
--    $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p shop
--    > CREATE OR REPLACE TABLE visits (id INT);
--    > DELETE FROM visits;
--    ERROR 1148 (42000): a DELETE or UPDATE needs a WHERE
--    > UPDATE visits SET id = 2;
--    ERROR 1148 (42000): a DELETE or UPDATE needs a WHERE
--    > DELETE FROM visits WHERE id = 1;
--    > SET sql_log_bin = 0;
--    > SELECT 'colour' AS color;
--    color
--    $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p shop
--    > SELECT SLEEP(30);
--    ERROR 1907 (70100): …
--
-- Without the funnel, as here, a statement that takes too long ends with its session.

DELETE FROM mysql_query_rules;
INSERT INTO mysql_query_rules (rule_id, active, match_digest, error_msg, apply) VALUES
    (100, 1, '^(DELETE FROM|UPDATE)\b(?!.*\bWHERE\b)', 'a DELETE or UPDATE needs a WHERE', 1);
INSERT INTO mysql_query_rules (rule_id, active, match_digest, OK_msg, apply) VALUES
    (110, 1, '^SET (SESSION )?sql_log_bin\b', 'left as it is', 1);
INSERT INTO mysql_query_rules (rule_id, active, match_pattern, replace_pattern, re_modifiers) VALUES
    (120, 1, '\bcolour\b', 'color', 'CASELESS,GLOBAL');
INSERT INTO mysql_query_rules (rule_id, active, match_digest, timeout) VALUES
    (130, 1, '^SELECT\b', 2000);
LOAD MYSQL QUERY RULES TO RUNTIME;
