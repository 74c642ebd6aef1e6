"""Where a client connects to, and the `mariadb` client's command line for it."""

import subprocess
from dataclasses import dataclass, replace

from .ports import LOOPBACK


@dataclass(frozen=True)
class Target:
    """A server as a client sees it: the database itself, or a proxy before it."""

    port: int = 0
    host: str = LOOPBACK
    socket: str = ""
    user: str = "app"
    password: str = "secret"

    def as_user(self, user, password=""):
        return replace(self, user=user, password=password)

    @property
    def address(self):
        """As `--proxy-backend-addresses` takes it."""
        if self.socket:
            return self.socket
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def client_options(self):
        """The `mariadb` programs' options for this target."""
        where = [f"--socket={self.socket}"] if self.socket else ["--protocol=tcp", f"-h{self.host}", f"-P{self.port}"]
        return ["--no-defaults", *where, f"-u{self.user}", f"--password={self.password}"]

    @property
    def python_options(self):
        """Keyword arguments of PyMySQL and mysql-connector-python alike."""
        where = {"unix_socket": self.socket} if self.socket else {"host": self.host, "port": self.port}
        return {**where, "user": self.user, "password": self.password}


def run_client(target, *options, sql=None, program="mariadb", timeout=120):
    """Runs a `mariadb` program; answers its exit code, output and errors, all as bytes."""
    done = subprocess.run(
        [program, *target.client_options, *options],
        input=sql.encode() if isinstance(sql, str) else (sql or b""),
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr
