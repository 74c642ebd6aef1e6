"""The proxy under test, and HAProxy, which can stand in for it where only bytes are to be carried."""

import os
from pathlib import Path

from .database_server import program
from .ports import accepts, accepts_at, free_port
from .process import Process
from .target import Target

REPOSITORY = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("MILLRACE_BINARY") or REPOSITORY / ".build/release/millrace")
# MILLRACE_STAND_IN=haproxy proves the scenarios themselves: whatever fails then is wrong with the tests.
# MILLRACE_STAND_IN=direct does so for the funnel's: the server takes its place.
STAND_IN = os.environ.get("MILLRACE_STAND_IN", "")
# What the proxy's event loops run on; its own choice if not given.
IO_BACKEND = os.environ.get("MILLRACE_IO_BACKEND") or "auto"


class Proxy(Process):
    """A running proxy and where to reach it."""

    def __init__(self, arguments, folder, listen, environment=None, name="millrace"):
        self.listen = listen
        super().__init__(arguments, Path(folder) / f"{name}-{free_port()}.log", environment)

    @property
    def target(self):
        return self.listen

    def wait_until_listening(self):
        self.wait_until_ready(lambda: self.listens)
        return self

    def wait_until_it_says_so(self):
        """Without a connection, which hooks and counters would see."""
        self.wait_until_ready(lambda: "is ready as process" in self.output)
        return self

    @property
    def listens(self):
        if self.listen.socket:
            return accepts_at(self.listen.socket)
        return accepts(self.listen.port, self.listen.host)


def start_millrace(
    folder, backends, *options, listen=None, plugins="proxy", environment=None, unseen=False, io_backend=IO_BACKEND,
):  # fmt: skip
    """Starts Millrace before the given backends and waits until it listens; unseen: without connecting to it."""
    listen = listen or Target(port=free_port())
    arguments = [
        BINARY, f"--plugins={plugins}", f"--proxy-address={listen.address}", "--log-level=debug",
        f"--io-backend={io_backend}",
        *[f"--proxy-backend-addresses={backend.address}" for backend in backends], *options,
    ]  # fmt: skip
    proxy = Proxy(arguments, folder, listen, environment)
    try:
        return proxy.wait_until_it_says_so() if unseen else proxy.wait_until_listening()
    except BaseException:
        proxy.kill()
        raise


def start_haproxy(folder, backends, listen=None, most=None, clients=2000):
    """Starts HAProxy in tcp mode before the given backends, with so many connections to each and clients at most."""
    listen = listen or Target(port=free_port())
    configuration = Path(folder) / f"haproxy-{free_port()}.cfg"
    configuration.write_text(haproxy_configuration(listen, backends, most, clients))
    return Proxy([program("haproxy"), "-f", configuration, "-db"], folder, listen, name="haproxy").wait_until_listening()


def haproxy_configuration(listen, backends, most=None, clients=2000):
    bind = f"unix@{listen.socket}" if listen.socket else f"{listen.host}:{listen.port}"
    servers = [f"unix@{backend.socket}" if backend.socket else f"{backend.host}:{backend.port}" for backend in backends]
    limit = f" maxconn {most}" if most else ""
    lines = [
        "global", "    nbthread 2", f"    maxconn {clients}",
        "defaults", "    mode tcp", "    timeout connect 5s", "    timeout client 1h", "    timeout server 1h",
        "    timeout queue 1h", "listen mysql", f"    bind {bind}", "    option clitcpka",
        *[f"    server s{number} {server}{limit}" for number, server in enumerate(servers)],
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
