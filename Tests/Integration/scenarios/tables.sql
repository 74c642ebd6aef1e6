-- Every column type, with its extremes, NULL and the empty value.
DROP DATABASE IF EXISTS scenario;
CREATE DATABASE scenario CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
USE scenario;
SET NAMES utf8mb4;
SET time_zone = '+00:00';

CREATE TABLE numbers (
    id INT PRIMARY KEY AUTO_INCREMENT,
    a TINYINT, b TINYINT UNSIGNED, c SMALLINT, d MEDIUMINT, e INT UNSIGNED ZEROFILL, f BIGINT, g BIGINT UNSIGNED,
    h DECIMAL(65, 30), i FLOAT, j DOUBLE, k BIT(64), l BOOLEAN, m YEAR
);
INSERT INTO numbers VALUES
    (1, -128, 0, -32768, -8388608, 0, -9223372036854775808, 0,
     -99999999999999999999999999999999999.999999999999999999999999999999, -3.4e38, -1.7e308, b'0', FALSE, 1901),
    (2, 127, 255, 32767, 8388607, 4294967295, 9223372036854775807, 18446744073709551615,
     99999999999999999999999999999999999.999999999999999999999999999999, 3.4e38, 1.7e308, ~0, TRUE, 2155),
    (3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE strings (
    id INT PRIMARY KEY,
    a CHAR(10), b VARCHAR(300), c BINARY(4), d VARBINARY(300), e TINYBLOB, f BLOB, g MEDIUMBLOB, h LONGBLOB,
    i TINYTEXT, j TEXT, k MEDIUMTEXT, l LONGTEXT, m ENUM('red', 'green', ''), n SET('x', 'y', 'z'), o JSON,
    p INET6, q UUID, r GEOMETRY, s VARCHAR(20) CHARACTER SET latin1, t VARCHAR(20) CHARACTER SET ucs2
);
INSERT INTO strings VALUES
    (1, 'short', 'größer 漢字 🦆', x'00ff10', x'000102fdfefffb', x'fb', x'fc0000', x'fd', x'fe', 'tiny', 'text\twith\ttabs',
     'line\none', 'back\\slash \0 zero', 'red', 'x,z', '{"a": [1, null, "ü"]}', '::1',
     '123e4567-e89b-12d3-a456-426655440000', ST_GeomFromText('POINT(1 2)'), 'é', '漢'),
    (2, '', '', '', '', '', '', '', '', '', '', '', '', '', '', '{}', '::', '00000000-0000-0000-0000-000000000000',
     ST_GeomFromText('LINESTRING(0 0, 1 1)'), '', ''),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, 'a', REPEAT('b', 250), 'c', REPEAT('d', 251), REPEAT('e', 255), REPEAT('f', 65535), REPEAT('g', 65536),
     REPEAT('h', 70000), REPEAT('i', 252), REPEAT('j', 300), REPEAT('k', 65537), REPEAT('l', 100000), 'green', 'x,y,z',
     '[]', 'ff::ff', 'ffffffff-ffff-ffff-ffff-ffffffffffff', ST_GeomFromText('POLYGON((0 0, 1 0, 1 1, 0 0))'), 'z', 'z');

CREATE TABLE times (
    id INT PRIMARY KEY,
    a DATE, b TIME, c TIME(6), d DATETIME, e DATETIME(6), f TIMESTAMP NULL, g TIMESTAMP(6) NULL
);
INSERT INTO times VALUES
    (1, '1000-01-01', '-838:59:59', '-838:59:59.000001', '1000-01-01 00:00:00', '1000-01-01 00:00:00.000001',
     '1970-01-01 00:00:01', '1970-01-01 00:00:01.000001'),
    (2, '9999-12-31', '838:59:59', '838:59:59.999999', '9999-12-31 23:59:59', '9999-12-31 23:59:59.999999',
     '2038-01-19 03:14:07', '2038-01-19 03:14:07.999999'),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, '2024-02-29', '00:00:00', '12:00:00', '2024-02-29 00:00:00', '2024-02-29 10:20:30', '2024-02-29 00:00:00', NULL);

DELIMITER $$
CREATE PROCEDURE two_results(IN n INT, OUT doubled INT, INOUT text VARCHAR(50))
BEGIN
    SELECT n, text;
    SELECT id, a FROM numbers ORDER BY id LIMIT n;
    SET doubled = 2 * n, text = CONCAT(text, '!');
END$$
DELIMITER ;
