"""What clients see of a statement: every result, with columns, rows and counts, or the error."""

import re

import pymysql

# Error numbers that say that the connection to the server was lost, or that the server is ending.
LOST = {1053, 1158, 1159, 1160, 1161, 1184, 1927, 2003, 2006, 2013}


def says_lost(code, text):
    return code in LOST or "lost" in text.lower()


def answers(connection, sql):
    """All results of a statement, each as column names and types, rows, counts; or the error at the end."""
    results = []
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            while True:
                columns = cursor.description and [column[:2] for column in cursor.description]
                results.append((columns, cursor.fetchall(), cursor.rowcount, cursor.lastrowid, cursor.warning_count))
                if not cursor.nextset():
                    return results
    except pymysql.Error as error:
        return [*results, (type(error).__name__, *error.args)]


def failure(connection, sql):
    """Number and text of the error that the statement must end with."""
    last = answers(connection, sql)[-1]
    assert isinstance(last[0], str), f"no error, but {last}"
    return last[1:]


def scripts(path):
    """The scripts of a file, each below its `== name`."""
    parts = re.split(r"^== (.*)\n", path.read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def play(connect, script):
    """Plays lines such as `A SELECT 1` on the connections A, B, …; answers each line with what came back.

    `A(reader) …` as the first line of A opens it as that user.
    """
    connections, seen = {}, []
    try:
        for line in filter(None, map(str.strip, script.splitlines())):
            name, user, sql = re.fullmatch(r"(\w+)(?:\((\w+)\))? (.*)", line).groups()
            if name not in connections:
                connections[name] = connect(user or "app")
            seen.append((line, done(connections[name], sql)))
    finally:
        for connection in connections.values():
            if connection.open:
                connection.close()
    return seen


def done(connection, step):
    """A statement's answers, or those of a word that stands for another command."""
    match step.split():
        case ["leaves"]:
            return connection.close()
        case ["dies"]:
            return connection._force_close()
        case ["pings"]:
            return connection.ping(reconnect=False)
        case ["enters", schema]:
            return connection.select_db(schema)
        case _:
            return answers(connection, step)


def last_rows(seen):
    """The rows of each played line's last result, where it has some."""
    return [result[-1][1] for _, result in seen if result and isinstance(result[-1][1], tuple) and result[-1][0]]
