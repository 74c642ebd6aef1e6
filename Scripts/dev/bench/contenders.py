"""The proxies that a scenario compares, each started on a free port of 127.0.0.1 before one server."""

import os
import shutil

from harness import proxies
from harness.ports import free_port
from harness.target import Target

ADMIN = Target(user="admin", password="admin")
# Peers that aren't installed by a package, with the variables that name their binaries.
PEERS = {"proxysql": "PROXYSQL_BINARY", "mysql-proxy": "MYSQL_PROXY_BINARY"}


def millrace(name, *options, plugins="proxy", admin=False, environment=None, others=()):
    """Starts Millrace under the name; with an administrator's port if asked for, and with further users."""

    def start(folder, backend):
        listen = Target(port=free_port(), user=backend.user, password=backend.password)
        more = list(options)
        if "funnel" in plugins:
            more.append(f"--funnel-users-file={users_file(folder, name, backend, *others)}")
        arguments = [
            proxies.BINARY, f"--plugins={plugins + (',admin' if admin else '')}", f"--proxy-address={listen.address}",
            f"--proxy-backend-addresses={backend.address}", f"--io-backend={proxies.IO_BACKEND}", *more,
        ]  # fmt: skip
        port = free_port()
        if admin:
            arguments += [f"--admin-address=127.0.0.1:{port}", "--admin-username=admin", "--admin-password=admin"]
        proxy = proxies.Proxy(arguments, folder, listen, environment, name=name).wait_until_listening()
        proxy.admin = Target(port=port, user=ADMIN.user, password=ADMIN.password)
        return proxy

    return start


def users_file(folder, name, *users):
    file = folder / f"users-{name}"
    file.touch(mode=0o600)
    file.write_text("".join(f"{user.user}:{user.password}\n" for user in users))
    return file


def funnel(name, most, plugins="proxy,funnel", queue="fifo", more=(), **keywords):
    """Millrace with the funnel, which has so many of the server's connections at most."""
    options = [f"--funnel-max-backends={most}", f"--funnel-queue={queue}", *more]
    return millrace(name, *options, plugins=plugins, **keywords)


def scripted(name, script):
    """Millrace with a script, which sees every query."""

    def start(folder, backend):
        path = folder / f"{name}.lua"
        path.write_text(script)
        return millrace(name, f"--proxy-lua-script={path}")(folder, backend)

    return start


def haproxy(most=None, clients=0):
    """HAProxy in tcp mode, with so many of the server's connections at most, and room for so many clients."""

    def start(folder, backend):
        return proxies.start_haproxy(folder, [backend], most=most, clients=max(2000, clients + 100))

    return start


def mysql_proxy(folder, backend):
    listen = Target(port=free_port())
    arguments = [
        os.environ["MYSQL_PROXY_BINARY"], f"--proxy-address={listen.address}",
        f"--proxy-backend-addresses={backend.address}",
    ]  # fmt: skip
    return proxies.Proxy(arguments, folder, listen, name="mysql-proxy").wait_until_listening()


PROXYSQL_CONFIGURATION = """
datadir="{folder}"
admin_variables={{ admin_credentials="admin:admin" mysql_ifaces="127.0.0.1:{admin}" }}
mysql_variables={{
    threads=2 interfaces="{listen}" monitor_enabled=false server_version="10.11.0" max_connections=20000
    default_schema="test"
}}
mysql_servers=(
    {{ address="{host}" port={port} hostgroup=0 max_connections={most} }},
    {{ address="{host}" port={port} hostgroup=1 max_connections={most} }}
)
mysql_users=( {users} )
"""


def proxysql(most=1000, others=()):
    """ProxySQL, with so many of the server's connections at most."""

    def start(folder, backend):
        listen, admin = Target(port=free_port(), user=backend.user, password=backend.password), free_port()
        own = folder / f"proxysql-{most}"
        own.mkdir(exist_ok=True)
        configuration = own / "proxysql.cnf"
        configuration.write_text(proxysql_configuration(own, listen, admin, backend, most, others))
        arguments = [os.environ["PROXYSQL_BINARY"], "-f", "--initial", "-c", configuration, "-D", own]
        proxy = proxies.Proxy(arguments, folder, listen, name="proxysql").wait_until_listening()
        proxy.admin = Target(port=admin, user=ADMIN.user, password=ADMIN.password)
        return proxy

    return start


def proxysql_configuration(folder, listen, admin, backend, most, others):
    users = ", ".join(
        f'{{ username="{user.user}" password="{user.password}" default_hostgroup=0 }}' for user in (backend, *others)
    )
    return PROXYSQL_CONFIGURATION.format(
        folder=folder, admin=admin, listen=listen.address, host=backend.host, port=backend.port, most=most, users=users
    )


def named_by_environment(most=1000, others=()):
    """Further proxies, of which an environment variable names the binary."""
    named = {"proxysql": proxysql(most, others), "mysql-proxy": mysql_proxy}
    return {name: start for name, start in named.items() if os.environ.get(PEERS[name])}


def missing_peers():
    """What is wrong with the environment's words about peers, a line each."""
    return [
        f"{variable}={os.environ[variable]} is no program"
        for variable in PEERS.values()
        if os.environ.get(variable) and not shutil.which(os.environ[variable])
    ]
