"""The proxies that a scenario compares, each started on a free port of 127.0.0.1 before one server."""

import os

from harness import proxies
from harness.ports import free_port
from harness.target import Target

# What the funnel, and HAProxy beside it, may have of the server's connections.
FEW = 10
ADMIN = Target(user="admin", password="admin")


def millrace(name, *options, plugins="proxy", admin=False, environment=None):
    """Starts Millrace under the name; with an administrator's port if asked for."""

    def start(folder, backend):
        listen = Target(port=free_port(), user=backend.user, password=backend.password)
        more = list(options)
        if "funnel" in plugins:
            more.append(f"--funnel-users-file={users_file(folder, backend)}")
        arguments = [
            proxies.BINARY, f"--plugins={plugins + (',admin' if admin else '')}", f"--proxy-address={listen.address}",
            f"--proxy-backend-addresses={backend.address}", *more,
        ]  # fmt: skip
        port = free_port()
        if admin:
            arguments += [f"--admin-address=127.0.0.1:{port}", "--admin-username=admin", "--admin-password=admin"]
        proxy = proxies.Proxy(arguments, folder, listen, environment, name=name).wait_until_listening()
        proxy.admin = Target(port=port, user=ADMIN.user, password=ADMIN.password)
        return proxy

    return start


def users_file(folder, backend):
    users = folder / f"users-{backend.user}"
    users.touch(mode=0o600)
    users.write_text(f"{backend.user}:{backend.password}\n")
    return users


def funnel(name="funnel", most=FEW, plugins="proxy,funnel", **keywords):
    return millrace(name, f"--funnel-max-backends={most}", plugins=plugins, **keywords)


def scripted(name, script):
    """Millrace with a script, which sees every query."""

    def start(folder, backend):
        path = folder / f"{name}.lua"
        path.write_text(script)
        return millrace(name, f"--proxy-lua-script={path}")(folder, backend)

    return start


def haproxy(most=None):
    def start(folder, backend):
        return proxies.start_haproxy(folder, [backend], most=most)

    return start


def mysql_proxy(folder, backend):
    listen = Target(port=free_port())
    arguments = [
        os.environ["MYSQL_PROXY_BINARY"], f"--proxy-address={listen.address}",
        f"--proxy-backend-addresses={backend.address}",
    ]  # fmt: skip
    return proxies.Proxy(arguments, folder, listen, name="mysql-proxy").wait_until_listening()


PROXYSQL_CONFIGURATION = """
datadir="{folder}/proxysql"
admin_variables={{ admin_credentials="admin:admin" mysql_ifaces="127.0.0.1:{admin}" }}
mysql_variables={{
    threads=2 interfaces="{listen}" monitor_enabled=false server_version="10.11.0" max_connections=2000
    default_schema="test"
}}
mysql_servers=(
    {{ address="{host}" port={port} hostgroup=0 max_connections=1000 }},
    {{ address="{host}" port={port} hostgroup=1 max_connections=1000 }}
)
mysql_users=( {{ username="{user}" password="{password}" default_hostgroup=0 }} )
"""


def proxysql(folder, backend):
    listen = Target(port=free_port(), user=backend.user, password=backend.password)
    (folder / "proxysql").mkdir(exist_ok=True)
    configuration = folder / "proxysql.cnf"
    admin = free_port()
    configuration.write_text(
        PROXYSQL_CONFIGURATION.format(
            folder=folder, admin=admin, listen=listen.address, host=backend.host, port=backend.port,
            user=backend.user, password=backend.password,
        )  # fmt: skip
    )
    arguments = [os.environ["PROXYSQL_BINARY"], "-f", "--initial", "-c", configuration, "-D", folder / "proxysql"]
    proxy = proxies.Proxy(arguments, folder, listen, name="proxysql").wait_until_listening()
    proxy.admin = Target(port=admin, user=ADMIN.user, password=ADMIN.password)
    return proxy


def named_by_environment():
    """Further proxies, of which an environment variable names the binary."""
    named = {"proxysql": ("PROXYSQL_BINARY", proxysql), "mysql-proxy": ("MYSQL_PROXY_BINARY", mysql_proxy)}
    return {name: start for name, (variable, start) in named.items() if os.environ.get(variable)}
