"""Scripts/examples: each does what its comment block says to try."""

import datetime

import mysql.connector
import pytest
from harness.proxies import REPOSITORY
from harness.transcript import Transcript

pytestmark = pytest.mark.millrace_only

EXAMPLES = sorted((REPOSITORY / "Scripts/examples").glob("*.lua"))


def comment_block(path):
    """The lines of the block on top, and those of them that are the session."""
    block = []
    for line in path.read_text().splitlines():
        if not line.startswith("--"):
            break
        block.append(line[2:])
    return block, [line.strip(" ") for line in block if line.startswith("   ")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path, make_millrace, database, make_database):
    _, session = comment_block(path)
    transcript = Transcript.parse(session)
    ports = [database.port]
    if any("3307" in option for option in transcript.options):
        ports = [make_database().port, make_database().port]
    assert transcript.options[:2] == ["-s", f"$PWD/Scripts/examples/{path.name}"]
    transcript.run(lambda options: make_millrace([], *options, unseen=True), ports, REPOSITORY)


def test_masking_holds_for_prepared_statements(make_millrace, database):
    script = REPOSITORY / "Scripts/examples/mask-a-column.lua"
    proxy = make_millrace([database.direct], f"--proxy-lua-script={script}", "--proxy-lua-on-error=refuse")
    options = {"database": "test", "ssl_disabled": True, "use_pure": True}
    connection = mysql.connector.connect(**proxy.target.python_options, **options)
    with connection.cursor(prepared=True) as cursor:
        cursor.execute("CREATE OR REPLACE TABLE prepared_payments (id INT, card CHAR(16), day DATE)")
        cursor.execute("INSERT INTO prepared_payments VALUES (%s, %s, %s)", (7, "4111222233334444", "2026-11-21"))
        cursor.execute("SELECT *, NULL FROM prepared_payments WHERE id = %s", (7,))
        assert cursor.fetchall() == [(7, "****4444", datetime.date(2026, 11, 21), None)]
    connection.close()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short_and_says_what_it_does(path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 60 and max(map(len, lines)) <= 120
    block, session = comment_block(path)
    assert block[0].startswith(f" {path.stem}: ")
    assert any(line.startswith("> ") for line in session)


def test_the_examples_of_the_issue_are_there():
    names = """
        hello block rewrite route-by-schema read-write-split inject-and-time mask-a-column throttle-a-user
        shadow-a-query answer-without-a-backend
    """.split()
    assert [path.stem for path in EXAMPLES] == sorted(names)
