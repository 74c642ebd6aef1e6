"""The disk layer: configuration that survives restarts, and disks that can't keep it."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from harness.admin import make_admin, refused_start  # noqa: F401
from harness.funnel import Backend, backend  # noqa: F401

pytestmark = [pytest.mark.millrace_only, pytest.mark.timeout(180)]

PLUGINS = "proxy,rules,funnel,admin"
CONFIGURED = ("MYSQL SERVERS", "MYSQL USERS", "MYSQL QUERY RULES")
SECTIONS = (*CONFIGURED, "MYSQL VARIABLES", "ADMIN VARIABLES", "FUNNEL VARIABLES")
EDITS = (
    "INSERT INTO mysql_servers (hostgroup_id, hostname, port, weight, comment) VALUES (5, 'db5', 3307, 7, 'it''s \"five\"')",
    "INSERT INTO mysql_users (username, password, default_hostgroup) VALUES ('app', 'secret', 5)",
    r"INSERT INTO mysql_query_rules (rule_id, active, match_pattern, destination_hostgroup, apply) "
    r"VALUES (3, 1, '^SELECT \d+''', 5, 1)",
    "INSERT INTO mysql_query_rules_fast_routing VALUES ('app', 'shard_1', 0, 5, 'größe')",
    "SET mysql-query_digests_max=1234",
    "SET admin-stats_credentials='viewer:seen'",
)  # fmt: skip
TABLES = ("mysql_servers", "mysql_users", "mysql_query_rules", "mysql_query_rules_fast_routing", "global_variables")


def everything(admin, layer=""):
    return {table: sorted(admin.ask(f"SELECT * FROM {layer}{table}"), key=str) for table in TABLES}


def checksums(admin, layer):
    return [admin.ask(f"CHECKSUM {layer} {section}") for section in SECTIONS]


def test_from_memory_to_disk_over_a_restart_to_runtime(make_admin, scratch, backend):  # noqa: F811
    options = {"plugins": PLUGINS, "backends": [backend.direct]}
    first = make_admin(f"--admin-database={scratch}/admin.sqlite", **options)
    for edit in EDITS:
        first.ask(edit)
    for section in SECTIONS:
        first.ask(f"LOAD {section} TO RUNTIME")
        first.ask(f"SAVE {section} FROM RUNTIME")
        first.ask(f"SAVE {section} TO DISK")
    assert first.ask("SHOW CONFIG DIFF") == []
    assert checksums(first, "MEM") == checksums(first, "RUNTIME") == checksums(first, "DISK")
    kept, used, sums = everything(first), everything(first, "runtime_"), checksums(first, "DISK")
    assert kept == used and any("db5" in row for row in kept["mysql_servers"])
    first.ask("DELETE FROM mysql_query_rules; LOAD MYSQL QUERY RULES TO RUNTIME")
    first.end()

    again = make_admin(f"--admin-database={scratch}/admin.sqlite", **options)
    assert everything(again) == kept
    assert everything(again, "runtime_") == used
    assert everything(again, "disk.") == kept
    assert again.ask("SHOW CONFIG DIFF") == [] and checksums(again, "RUNTIME") == sums
    assert again.ask("SELECT 1", again.target.as_user("viewer", "seen")) == [(1,)]
    text = again.ask("EXPLAIN ROUTE FOR USER app SELECT 1'")
    assert text


def test_a_written_configuration_makes_another_process_the_same(make_admin, scratch, backend):  # noqa: F811
    first = make_admin(plugins=PLUGINS, backends=[backend.direct])
    for edit in EDITS:
        first.ask(edit)
    first.ask(f"SAVE CONFIG TO FILE {scratch}/config.sql")
    again = make_admin(f"--admin-config-file={scratch}/config.sql", plugins=PLUGINS, backends=[backend.direct])
    first.ask("; ".join(f"LOAD {section} TO RUNTIME" for section in SECTIONS))
    assert everything(again) == everything(first)
    assert everything(again, "runtime_") == everything(first, "runtime_")


def credentials():
    return ["--admin-username=a", "--admin-password=b"]


def test_a_file_that_is_no_database_is_told_at_the_start(scratch):
    path = scratch / "text"
    path.write_text("this is no database, but a text that is long enough to look at" * 100)
    told = refused_start(*credentials(), f"--admin-database={path}")
    assert str(path) in told and "not a database" in told
    told = refused_start(*credentials(), f"--admin-database={scratch}/nowhere/admin.sqlite")
    assert "nowhere" in told and "folder that can be written" in told


@pytest.fixture
def small_disk(scratch):
    """A file system of 256 KiB; only root may make one."""
    folder = scratch / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True, check=False
    )
    if os.geteuid() != 0 or mounted.returncode:
        pytest.skip("only root can mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_told_and_what_was_saved_stays(make_admin, small_disk, backend):  # noqa: F811
    admin = make_admin(f"--admin-database={small_disk}/admin.sqlite", plugins=PLUGINS, backends=[backend.direct])
    admin.ask("INSERT INTO mysql_query_rules (rule_id, active, username) VALUES (1, 1, 'kept')")
    admin.ask("SAVE MYSQL QUERY RULES TO DISK")
    values = ",".join(f"({number}, 1, '{'x' * 100}')" for number in range(2, 5000))
    admin.ask(f"INSERT INTO mysql_query_rules (rule_id, active, username) VALUES {values}")
    code, text = admin.refusal("SAVE MYSQL QUERY RULES TO DISK")
    assert code == 1114 and "No room" in text
    assert admin.ask("SELECT rule_id, username FROM disk.mysql_query_rules") == [(1, "kept")]
    assert admin.ask("SELECT COUNT(*) FROM mysql_query_rules") == [(4999,)]


def leave_log(path, scratch):
    """Leaves the write-ahead log that a killed process leaves."""
    logs = [Path(f"{path}-wal"), Path(f"{path}-shm")]
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = wal")
        database.execute("UPDATE saved_sections SET saved_at = 1")
        database.commit()
        for log in logs:
            shutil.copy(log, scratch / log.name)
    for log in logs:
        shutil.copy(scratch / log.name, log)


@pytest.mark.parametrize("leaves", ["the file", "a write-ahead log too"])
def test_a_read_only_disk_is_told_at_the_start(make_admin, small_disk, scratch, leaves):  # noqa: F811
    first = make_admin(f"--admin-database={small_disk}/admin.sqlite")
    first.ask("SAVE ADMIN VARIABLES TO DISK")
    first.end()
    if leaves != "the file":
        leave_log(small_disk / "admin.sqlite", scratch)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    told = refused_start(*credentials(), f"--admin-database={small_disk}/admin.sqlite")
    assert "admin.sqlite" in told and "folder that can be written" in told
