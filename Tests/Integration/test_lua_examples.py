"""Scripts/examples: each does what its comment block says to try."""

import datetime

import mysql.connector
import pytest
from harness.examples import examples
from harness.proxies import REPOSITORY

pytestmark = pytest.mark.millrace_only

EXAMPLES = examples("lua")


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_example(example, make_millrace, database, make_database):
    transcript = example.transcript
    ports = [database.port]
    if any("3307" in option for option in transcript.options):
        ports = [make_database().port, make_database().port]
    assert transcript.options[:2] == ["-s", f"$PWD/Scripts/examples/{example.path.name}"]
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


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_is_short_and_says_what_it_does(example):
    example.check_form()


def test_the_examples_of_the_issue_are_there():
    names = """
        hello block rewrite route-by-schema read-write-split inject-and-time mask-a-column throttle-a-user
        shadow-a-query answer-without-a-backend
    """.split()
    assert [example.path.stem for example in EXAMPLES] == sorted(names)
