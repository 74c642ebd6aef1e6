-- What clients of MySQL ask a server for at their start and while they browse; every line is one statement.
-- mariadb and mysql: start, \s, completion
select @@version_comment limit 1
select DATABASE(), USER() limit 1
select @@character_set_client, @@character_set_connection, @@character_set_server, @@character_set_database limit 1
show databases
show tables
SELECT DATABASE()
-- mycli
SELECT @@version_comment, @@version
SET NAMES utf8mb4
select connection_id()
SELECT NOW()
SHOW CHARACTER SET
SHOW COLLATION
SELECT ROUTINE_NAME FROM INFORMATION_SCHEMA.ROUTINES WHERE ROUTINE_TYPE="FUNCTION" AND ROUTINE_SCHEMA = 'main'
select TABLE_NAME, COLUMN_NAME from information_schema.columns where table_schema = 'main' order by table_name,ordinal_position
SELECT DISTINCT TABLE_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = 'main' AND SEQ_IN_INDEX = 1 AND COLUMN_NAME IS NOT NULL ORDER BY TABLE_NAME, COLUMN_NAME
select TABLE_NAME, COLUMN_NAME, COLUMN_TYPE from information_schema.columns where table_schema = 'main' and data_type = 'enum' order by table_name,ordinal_position
SELECT TABLE_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = 'main' AND REFERENCED_TABLE_NAME IS NOT NULL
SHOW GLOBAL STATUS;
SHOW STATUS;
SHOW GLOBAL VARIABLES;
SHOW SESSION VARIABLES;
SHOW FULL TABLES
SHOW FIELDS FROM mysql_users
SHOW CREATE TABLE mysql_users
-- Connector/J, as DBeaver uses it
/* mysql-connector-j-8.2.0 */SELECT  @@session.auto_increment_increment AS auto_increment_increment, @@character_set_client AS character_set_client, @@character_set_connection AS character_set_connection, @@character_set_results AS character_set_results, @@character_set_server AS character_set_server, @@collation_server AS collation_server, @@collation_connection AS collation_connection, @@init_connect AS init_connect, @@interactive_timeout AS interactive_timeout, @@license AS license, @@lower_case_table_names AS lower_case_table_names, @@max_allowed_packet AS max_allowed_packet, @@net_write_timeout AS net_write_timeout, @@performance_schema AS performance_schema, @@sql_mode AS sql_mode, @@system_time_zone AS system_time_zone, @@time_zone AS time_zone, @@transaction_isolation AS transaction_isolation, @@wait_timeout AS wait_timeout
/* ApplicationName=DBeaver 24.1.0 - Main */ SET SQL_SELECT_LIMIT=DEFAULT
/* ApplicationName=DBeaver 24.1.0 - Main */ SET autocommit=1
/* ApplicationName=DBeaver 24.1.0 - Main */ SELECT DATABASE()
/* ApplicationName=DBeaver 24.1.0 - Main */ SELECT @@GLOBAL.character_set_server,@@GLOBAL.collation_server
/* ApplicationName=DBeaver 24.1.0 - Main */ SHOW ENGINES
/* ApplicationName=DBeaver 24.1.0 - Main */ SHOW CHARSET
/* ApplicationName=DBeaver 24.1.0 - Main */ SHOW COLLATION
/* ApplicationName=DBeaver 24.1.0 - Main */ SHOW PLUGINS
/* ApplicationName=DBeaver 24.1.0 - Main */ SHOW PRIVILEGES
/* ApplicationName=DBeaver 24.1.0 - Main */ SHOW GRANTS FOR CURRENT_USER()
/* ApplicationName=DBeaver 24.1.0 - Main */ SHOW VARIABLES LIKE 'lower_case_%'
/* ApplicationName=DBeaver 24.1.0 - Main */ SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM INFORMATION_SCHEMA.SCHEMATA
/* ApplicationName=DBeaver 24.1.0 - Main */ SHOW DATABASES
/* ApplicationName=DBeaver 24.1.0 - Metadata */ SHOW FULL TABLES FROM `main`
/* ApplicationName=DBeaver 24.1.0 - Metadata */ SHOW TABLE STATUS FROM `main`
/* ApplicationName=DBeaver 24.1.0 - Metadata */ SHOW TABLE STATUS FROM `main` LIKE 'mysql_users'
/* ApplicationName=DBeaver 24.1.0 - Metadata */ SELECT * FROM information_schema.COLUMNS c WHERE c.TABLE_SCHEMA='main' AND c.TABLE_NAME='mysql_users' ORDER BY c.ORDINAL_POSITION
/* ApplicationName=DBeaver 24.1.0 - Metadata */ SHOW FULL COLUMNS FROM `main`.`mysql_users`
/* ApplicationName=DBeaver 24.1.0 - Metadata */ SHOW INDEX FROM `main`.`mysql_users`
/* ApplicationName=DBeaver 24.1.0 - Metadata */ SELECT kc.CONSTRAINT_NAME, kc.TABLE_NAME, kc.COLUMN_NAME, kc.ORDINAL_POSITION FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE kc WHERE kc.TABLE_SCHEMA='main' AND kc.REFERENCED_TABLE_NAME IS NULL AND kc.TABLE_NAME='mysql_users' ORDER BY kc.CONSTRAINT_NAME, kc.ORDINAL_POSITION
/* ApplicationName=DBeaver 24.1.0 - Metadata */ SELECT cc.CONSTRAINT_NAME, cc.CHECK_CLAUSE, tc.TABLE_NAME FROM (SELECT CONSTRAINT_NAME, CHECK_CLAUSE FROM INFORMATION_SCHEMA.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = 'main' ORDER BY CONSTRAINT_NAME) cc, (SELECT TABLE_NAME, CONSTRAINT_NAME FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = 'main' AND TABLE_NAME = 'mysql_users') tc WHERE cc.CONSTRAINT_NAME = tc.CONSTRAINT_NAME
/* ApplicationName=DBeaver 24.1.0 - Metadata */ SELECT * FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA='main' AND TABLE_NAME='mysql_users'
/* ApplicationName=DBeaver 24.1.0 - Metadata */ SELECT * FROM INFORMATION_SCHEMA.TRIGGERS WHERE TRIGGER_SCHEMA='main'
/* ApplicationName=DBeaver 24.1.0 - Metadata */ SELECT * FROM information_schema.EVENTS WHERE EVENT_SCHEMA='main'
/* ApplicationName=DBeaver 24.1.0 - Metadata */ SELECT * FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA='main' ORDER BY ROUTINE_NAME
/* ApplicationName=DBeaver 24.1.0 - Metadata */ SELECT * FROM information_schema.VIEWS WHERE TABLE_SCHEMA='main'
/* ApplicationName=DBeaver 24.1.0 - SQLEditor <Script.sql> */ SELECT * FROM mysql_servers LIMIT 0, 200
/* ApplicationName=DBeaver 24.1.0 - Main */ SHOW FULL PROCESSLIST
/* ApplicationName=DBeaver 24.1.0 - Main */ SHOW WARNINGS
/* ApplicationName=DBeaver 24.1.0 - Main */ SELECT @@session.transaction_isolation
/* ApplicationName=DBeaver 24.1.0 - Main */ SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
-- MariaDB Connector/J
SET NAMES utf8mb4, sql_mode=concat(@@sql_mode,',STRICT_TRANS_TABLES')
set autocommit=1, sql_mode = concat(@@sql_mode, ',STRICT_TRANS_TABLES')
SELECT @@max_allowed_packet,@@system_time_zone,@@time_zone,@@auto_increment_increment
-- HeidiSQL, Workbench, phpMyAdmin
SELECT CONNECTION_ID()
SHOW /*!50002 GLOBAL */ STATUS
SHOW VARIABLES LIKE 'version%'
SHOW SESSION VARIABLES LIKE 'sql_mode'
SHOW SESSION STATUS LIKE 'Ssl_cipher'
SELECT current_user()
SET SESSION sql_mode=''
SHOW MASTER STATUS
SHOW PROCEDURE STATUS WHERE Db='main'
SHOW FUNCTION STATUS WHERE `Db`='main'
SHOW TRIGGERS FROM `main`
SHOW EVENTS FROM `main`
SHOW KEYS FROM `mysql_users` FROM `main`
SELECT `DEFAULT_COLLATION_NAME` FROM `information_schema`.`SCHEMATA` WHERE `SCHEMA_NAME`='main'
SELECT @@GLOBAL.lower_case_table_names
SELECT USER()
SELECT VERSION()
SELECT 1
