"""What MySQL's clients and tools ask a server for works on the admin port, too."""

import os
import re
import signal
from pathlib import Path

import mysql.connector
import pytest
from harness.admin import admin, make_admin, start_admin  # noqa: F401
from harness.funnel import Backend, backend  # noqa: F401

pytestmark = [pytest.mark.millrace_only, pytest.mark.timeout(180)]

CHATTER = Path(__file__).parent / "scenarios" / "client_chatter.sql"


@pytest.fixture
def everything(scratch, backend):  # noqa: F811
    """With all plugins and their tables."""
    running = start_admin(scratch, backends=[backend.direct], plugins="proxy,rules,funnel,admin")
    yield running
    alive = running.proxy.is_running
    running.proxy.end()
    assert alive, f"Millrace died:\n{running.proxy.output[-4000:]}"


def chatter():
    lines = CHATTER.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("-- ")]


def test_what_clients_say_at_their_start_is_answered(everything):
    failures = []
    with everything.connect() as connection, connection.cursor() as cursor:
        for sql in chatter():
            try:
                cursor.execute(sql)
                cursor.fetchall()
            except Exception as error:  # noqa: BLE001
                failures.append(f"{error} << {sql}")
    assert not failures, "\n".join(failures)
    assert len(chatter()) > 70


def test_it_is_answered_in_the_binary_protocol_as_well(everything):
    options = {**everything.target.python_options, "use_pure": True, "ssl_disabled": True}
    connection = mysql.connector.connect(**options)
    for sql in chatter():
        if "%" in sql or "?" in sql or not sql.upper().startswith(("SELECT", "SHOW")):
            continue
        cursor = connection.cursor(prepared=True)
        cursor.execute(sql.rstrip(";"))
        assert cursor.fetchall() is not None, sql
        cursor.close()
    connection.close()


def test_tools_find_tables_and_columns(everything):
    tables = {row[0] for row in everything.ask("SHOW TABLES FROM main")}
    assert {"mysql_servers", "mysql_users", "mysql_query_rules", "runtime_mysql_users", "global_variables"} <= tables
    columns = everything.ask(
        "SELECT column_name FROM information_schema.columns WHERE table_schema='main' AND table_name='mysql_users'"
    )
    assert ("default_hostgroup",) in columns
    assert everything.ask("SHOW DATABASES LIKE 'st%'") == [("stats",)]


def test_the_stock_client_completes_names_and_shows_its_status(everything):
    sql = "\\s\nrehash\nUSE stats\nSHOW TABLES LIKE 'stats_mysql_gl%';\nSHOW WARNINGS;\nSELECT 'end';\n"
    code, output, errors = everything.client(sql, "--auto-rehash", "-N", "-D", "main")
    assert (code, errors) == (0, "")
    assert re.search(r"Server version:\s+8\.0\.\d+-millrace-admin", output)
    assert "Current database:\tmain" in output and "stats_mysql_global" in output and output.endswith("end\n")


def test_a_killed_process_leaves_no_folder_behind_for_long(make_admin, scratch):  # noqa: F811
    def folders(pid):
        found = set()
        for link in Path(f"/proc/{pid}/fd").iterdir():
            match = re.match(r"(/.*/millrace-[0-9A-F-]{36})/", os.readlink(link) if link.is_symlink() else "")
            found |= {match[1]} if match else set()
        return found

    killed, living = make_admin(), make_admin()
    left, kept = folders(killed.proxy.pid), folders(living.proxy.pid)
    assert len(left) == 1 and len(kept) == 1
    os.kill(killed.proxy.pid, signal.SIGKILL)
    killed.has_ended = True
    killed.proxy.kill()
    assert os.path.exists(*left)
    make_admin()
    assert not os.path.exists(*left)
    assert os.path.exists(*kept)
    assert living.ask("SELECT COUNT(*) > 0 FROM global_variables") == [(1,)]
