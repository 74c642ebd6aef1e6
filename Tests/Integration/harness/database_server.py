"""A MariaDB server of our own, in a scratch folder and on a free port."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from .ports import LOOPBACK, accepts_at, free_port
from .process import Process
from .target import Target, run_client

PROGRAM_FOLDERS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/usr/local/bin"])


def program(name):
    """The path of a program that Scripts/test has installed."""
    path = shutil.which(name, path=PROGRAM_FOLDERS)
    assert path, f"{name} is not installed; Scripts/test installs it"
    return path


def new_data_folder(folder):
    """Makes an empty server's data folder."""
    # Shared, another server that starts would delete its temporary tables.
    temporary = Path(folder).parent / "temporary"
    temporary.mkdir(exist_ok=True)
    made = subprocess.run(
        [
            program("mariadb-install-db"), "--no-defaults", f"--datadir={folder}", "--skip-test-db",
            "--auth-root-authentication-method=normal", f"--user={pwd.getpwuid(os.geteuid()).pw_name}",
        ],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": str(temporary)},
    )  # fmt: skip
    assert made.returncode == 0, made.stdout.decode(errors="replace")


ACCOUNTS = """
CREATE USER app@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('secret');
GRANT ALL ON *.* TO app@'%' WITH GRANT OPTION;
CREATE USER other@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('different');
GRANT ALL ON *.* TO other@'%';
CREATE USER nobody@'%';
INSTALL SONAME 'auth_ed25519';
CREATE USER curve@'%' IDENTIFIED VIA ed25519 USING PASSWORD('secret');
GRANT ALL ON *.* TO curve@'%';
CREATE DATABASE test;
"""


class DatabaseServer:
    """A server that can be stopped, killed and started again on the same port and data."""

    def __init__(self, folder, options=()):
        self.folder = Path(folder)
        self.options = options
        self.port = free_port()
        self.socket = str(self.folder / "s")
        self.process = None

    @property
    def direct(self):
        """The server without a proxy, over TCP."""
        return Target(port=self.port)

    @property
    def direct_socket(self):
        """The server without a proxy, over its unix socket."""
        return Target(socket=self.socket)

    def create(self, template=None):
        """Makes the data folder, as a copy of another stopped server's where one is given."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if template:
            shutil.copytree(template, self.folder / "data")
        else:
            new_data_folder(self.folder / "data")

    def start(self):
        # A starting server deletes all temporary tables in its folder for them, and one whose table vanishes dies.
        temporary = self.folder / "temporary"
        temporary.mkdir(exist_ok=True)
        self.process = Process(
            [
                program("mariadbd"), "--no-defaults", f"--datadir={self.folder}/data", f"--tmpdir={temporary}",
                f"--socket={self.socket}",
                f"--bind-address={LOOPBACK}", f"--port={self.port}", f"--pid-file={self.folder}/pid",
                f"--user={pwd.getpwuid(os.geteuid()).pw_name}", "--skip-name-resolve", "--local-infile=1",
                "--max-allowed-packet=256M", "--max-connections=500", "--back-log=200",
                "--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4",
                "--collation-server=utf8mb4_general_ci", *self.options,
            ],
            self.folder / "log",
        )  # fmt: skip
        # The Unix socket is the last that the server listens on, and one knock is all that tests count on.
        self.process.wait_until_ready(lambda: accepts_at(self.socket))

    def create_accounts(self):
        root = Target(socket=self.socket, user="root", password="")
        code, _, errors = run_client(root, sql=ACCOUNTS)
        assert code == 0, errors.decode()

    def query(self, sql):
        """The output of the `mariadb` client, as text."""
        code, output, errors = run_client(self.direct, "--skip-column-names", "--batch", sql=sql)
        assert code == 0, errors.decode()
        return output.decode()

    def stop(self):
        if self.process:
            self.process.end()

    def kill(self):
        """Ends the server as a crash would."""
        self.process.kill()


def started_server(folder, template, options=()):
    """A running server whose data is a copy of the template's."""
    server = DatabaseServer(folder, options)
    server.create(template)
    server.start()
    return server
