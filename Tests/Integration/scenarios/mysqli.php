<?php
// Runs PHP's mysqli through all that it can do, and prints what it got as one line of JSON a step.
// Arguments: host port socket user password folder
[, $host, $port, $socket, $user, $password, $folder] = $argv;
mysqli_report(MYSQLI_REPORT_OFF);

function show(string $step, mixed $value): void
{
    array_walk_recursive($value, function (&$item) {
        if (is_string($item) && !mb_check_encoding_or_ascii($item)) {
            $item = 'hex:' . bin2hex($item);
        }
    });
    echo json_encode([$step, $value], JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR), "\n";
}

function mb_check_encoding_or_ascii(string $text): bool
{
    return preg_match('//u', $text) === 1;
}

function outcome(mysqli $db): array
{
    return [$db->errno, $db->sqlstate, $db->error, $db->affected_rows, $db->warning_count, $db->info];
}

function rows(mysqli_result|bool $result): array
{
    if (!$result instanceof mysqli_result) {
        return [$result];
    }
    $fields = array_map(fn ($field) => (array) $field, $result->fetch_fields());
    return [$fields, $result->fetch_all(MYSQLI_NUM)];
}

$db = mysqli_init();
$db->options(MYSQLI_OPT_LOCAL_INFILE, 1);
if (!$db->real_connect($host, $user, $password, 'scenario', (int) $port, $socket ?: null)) {
    show('connect', [$db->connect_errno, $db->connect_error]);
    exit(1);
}
$db->set_charset('utf8mb4');
show('server', [$db->server_info, $db->protocol_version, $db->character_set_name()]);

foreach (['numbers', 'strings', 'times'] as $table) {
    show("text $table", rows($db->query("SELECT * FROM $table ORDER BY id")));
    show("unbuffered $table", rows($db->query("SELECT * FROM $table ORDER BY id", MYSQLI_USE_RESULT)));
}

$results = [];
$db->multi_query("SELECT 1; SELECT 'two', NULL; DO 1; SELECT * FROM numbers WHERE FALSE; SELECT * FROM no_such_table");
do {
    $result = $db->store_result();
    $results[] = [rows($result), outcome($db)];
} while ($db->more_results() && $db->next_result());
show('multiple results', [$results, outcome($db)]);

$results = [];
$db->multi_query("SET @text = 'word'; CALL two_results(2, @doubled, @text); SELECT @doubled, @text");
do {
    $results[] = rows($db->store_result());
} while ($db->more_results() && $db->next_result());
show('procedure', $results);

foreach (['numbers', 'strings', 'times'] as $table) {
    $statement = $db->prepare("SELECT * FROM $table WHERE id > ? ORDER BY id");
    foreach ([0, 2, 1000] as $id) {
        $statement->bind_param('i', $id);
        $statement->execute();
        show("prepared $table $id", rows($statement->get_result()));
    }
    $statement->close();
}

// A server-side cursor, fetched one row and seven rows at a time.
foreach ([1, 7] as $prefetched) {
    $statement = $db->prepare('SELECT seq, REPEAT(seq, 1000) FROM seq_1_to_40 WHERE seq > ?');
    $statement->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);
    $statement->attr_set(MYSQLI_STMT_ATTR_PREFETCH_ROWS, $prefetched);
    foreach ([0, 30, 100] as $after) {
        $statement->bind_param('i', $after);
        $executed = $statement->execute();
        $statement->bind_result($number, $text);
        $fetched = [];
        while ($statement->fetch()) {
            $fetched[] = [$number, md5($text)];
        }
        show("cursor $prefetched after $after", [$executed, $fetched, $statement->errno, $statement->error]);
        $statement->free_result();
    }
    $statement->reset();
    $statement->close();
}

// Parameters of every kind, one sent in pieces.
$statement = $db->prepare('SELECT ?, ?, ?, LENGTH(?), MD5(?)');
$long = null;
$integer = -5;
$float = 1.25;
$text = 'größer';
$again = 'again';
$statement->bind_param('idsbs', $integer, $float, $text, $long, $again);
foreach (range(1, 50) as $_) {
    $statement->send_long_data(3, str_repeat('x', 100000));
}
$statement->execute();
show('long data', rows($statement->get_result()));
$statement->close();

show('wrong statement', [$db->prepare('NO SQL') === false, outcome($db)]);
foreach (['SELECT no_column', 'INSERT INTO numbers (id) VALUES (1)', "SELECT CAST('x' AS SIGNED)"] as $sql) {
    show($sql, [rows($db->query($sql)), outcome($db), rows($db->query('SHOW WARNINGS'))]);
}

file_put_contents("$folder/rows.csv", "500,5\n501,6\n");
file_put_contents("$folder/empty.csv", '');
foreach (['rows', 'empty', 'missing', 'rows'] as $name) {
    $sql = "LOAD DATA LOCAL INFILE '$folder/$name.csv' INTO TABLE numbers FIELDS TERMINATED BY ',' (id, a)";
    show("infile $name", [@$db->query($sql), outcome($db)]);
}
show('deleted', [$db->query('DELETE FROM numbers WHERE id >= 500'), outcome($db)]);

show('statistics', [preg_replace('/[0-9.]+/', 'N', $db->stat())]);
show('ping', [$db->query('DO 0')]);
show('schema', [$db->select_db('mysql'), rows($db->query('SELECT DATABASE()')), $db->select_db('scenario')]);
show('wrong schema', [$db->select_db('no_such_schema'), outcome($db)]);

$db->begin_transaction();
$db->query('INSERT INTO numbers (id) VALUES (600)');
$db->rollback();
show('rolled back', rows($db->query('SELECT COUNT(*) FROM numbers WHERE id = 600')));

$db->query('SET @kept = 1');
show('user', [$db->change_user('other', 'different', 'mysql'), rows($db->query('SELECT CURRENT_USER(), DATABASE(), @kept'))]);
show('user again', [$db->change_user($user, $password, 'scenario'), rows($db->query('SELECT CURRENT_USER(), DATABASE()'))]);

// Kill a query of another connection, then the connection.
$other = mysqli_init();
$other->real_connect($host, $user, $password, 'scenario', (int) $port, $socket ?: null);
$id = (int) $other->query('SELECT CONNECTION_ID()')->fetch_row()[0];
$other->query('SELECT BENCHMARK(2000000000, MD5(1)) AS burnt', MYSQLI_ASYNC);
do {
    usleep(20000);
    $busy = $db->query("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT BENCHMARK%'")->fetch_row()[0];
} while (!$busy);
$killed = $db->query("KILL QUERY $id");
$result = $other->reap_async_query();
show('killed query', [$killed, is_object($result) ? rows($result) : $result, outcome($other)]);
show('after it', rows($other->query('SELECT 1')));
show('killed connection', [$db->query("KILL CONNECTION $id"), outcome($db)]);
show('and gone', [@$other->query('SELECT 1'), $other->errno >= 1927]);

show('wrong user', [@$db->change_user('other', 'wrong', 'mysql'), $db->errno]);
