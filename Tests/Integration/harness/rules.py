"""Millrace with rules, funnel and admin port before two servers: the first is hostgroup 0, the second hostgroup 1."""

import pytest

from .admin import start_admin
from .funnel import PASSWORDS, connect, users_file
from .servers import port


class Ruled:
    """A running Millrace, its clients and its rules."""

    def __init__(self, admin, servers):
        self.admin, self.servers = admin, servers
        self.first, self.second = (port(server) for server in servers)

    @property
    def target(self):
        return self.admin.proxy.listen.as_user("app", PASSWORDS["app"])

    def connect(self, user="app", **options):
        return connect(self.target.as_user(user, PASSWORDS[user]), **options)

    def load(self, *rules, routes=()):
        """Puts these rules in use, each with rule_ids from 1 on and apply=1 where it doesn't say; answers the warnings."""
        sql = ["DELETE FROM mysql_query_rules", "DELETE FROM mysql_query_rules_fast_routing"]
        for number, rule in enumerate(rules, 1):
            columns = {"rule_id": number, "active": 1, "apply": 1, **rule}
            sql.append(insert("mysql_query_rules", columns))
        for user, schema, flag, hostgroup in routes:
            columns = {
                "username": user, "schemaname": schema, "flagIN": flag, "destination_hostgroup": hostgroup, "comment": "",
            }  # fmt: skip
            sql.append(insert("mysql_query_rules_fast_routing", columns))
        with self.admin.connect() as connection, connection.cursor() as cursor:
            cursor.execute("; ".join([*sql, "LOAD MYSQL QUERY RULES TO RUNTIME"]))
            while cursor.nextset():
                pass
            cursor.execute("SHOW WARNINGS")
            return [message for _, _, message in cursor.fetchall()]

    def set(self, **variables):
        sql = [f"SET mysql-{name}='{value}'" for name, value in variables.items()]
        self.admin.ask("; ".join([*sql, "LOAD MYSQL VARIABLES TO RUNTIME"]))

    def hits(self):
        return dict(self.admin.ask("SELECT rule_id, hits FROM stats_mysql_query_rules"))

    def explain(self, statement, **subject):
        """What EXPLAIN ROUTE says: the steps' words and details."""
        words = " ".join(f"{word.upper()} {value}" for word, value in subject.items())
        rows = self.admin.ask(f"EXPLAIN ROUTE {'FOR ' if words else ''}{words} {statement}")
        return [(rule and int(rule), what, detail) for _, rule, what, detail in rows]

    def hostgroup_explained(self, statement, **subject):
        return next(detail for _, what, detail in self.explain(statement, **subject) if what == "hostgroup")


def insert(table, columns):
    values = ", ".join("NULL" if value is None else repr_sql(value) for value in columns.values())
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"


def repr_sql(value):
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def start_ruled(folder, servers, *options, plugins="proxy,rules,funnel,admin"):
    accounts = [f"--funnel-users-file={users_file(folder, ['app', 'other'])}"] if "funnel" in plugins else []
    admin = start_admin(folder, *accounts, *options, backends=[servers[0].direct], plugins=plugins)
    admin.ask(
        f"INSERT INTO mysql_servers (hostgroup_id, hostname, port) VALUES (1, '127.0.0.1', {port(servers[1])});"
        "LOAD MYSQL SERVERS TO RUNTIME"
    )
    return Ruled(admin, servers)


@pytest.fixture
def ruled(scratch, servers):
    running = start_ruled(scratch, servers)
    yield running
    alive = running.admin.proxy.is_running
    running.admin.proxy.end()
    assert alive, f"Millrace died:\n{running.admin.proxy.output[-4000:]}"
