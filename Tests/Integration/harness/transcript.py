"""Sessions as they are printed in a guide or above a script: run, and compared with what is printed.

    $ millrace -s $PWD/SCRIPT   how it is started
    $ mariadb -sN …             a client; what follows is its session
    > SELECT 1;                 typed
    1                           seen; … stands for any text
    log: some text              in the proxy's log in the end

Printed are the usual ports: 4040 for the proxy, 3306 and 3307 for two servers.
"""

import re
import shlex
import subprocess
from dataclasses import dataclass, field

from .ports import wait_until

PASSWORDS = {"app": "secret", "other": "different"}


@dataclass
class Client:
    """One client's command line, what is typed and what is seen."""

    arguments: list
    typed: list = field(default_factory=list)
    seen: list = field(default_factory=list)


@dataclass
class Transcript:
    """How a proxy is started, and what its clients then do."""

    options: list
    clients: list
    log: list

    @classmethod
    def parse(cls, lines):
        options, clients, log = [], [], []
        text = re.sub(r"\\\n\s*", "", "\n".join(lines))
        for line in filter(str.strip, text.splitlines()):
            match line.split(None, 1):
                case ["$", command] if command.startswith("millrace"): options = shlex.split(command)[1:]
                case ["$", command]: clients.append(Client(shlex.split(command)))
                case [">", statement]: clients[-1].typed.append(statement)
                case ["log:", text]: log.append(text)
                case _: clients[-1].seen.append(line)
        assert clients and all(client.arguments[0] == "mariadb" for client in clients), lines
        return cls(options, clients, log)

    def run(self, start, ports, folder):
        """Starts the proxy in a folder with `start(options)` and expects everything that is printed.

        `ports` are the servers' for 3306 and 3307.
        """
        servers = dict(zip(("3306", "3307"), map(str, ports)))
        options = [_replaced(option, servers).replace("$PWD", str(folder)) for option in self.options]
        if not any(option.startswith("--proxy-backend-addresses") for option in options):
            options.append(f"--proxy-backend-addresses=127.0.0.1:{ports[0]}")
        proxy = start(options)
        for client in self.clients:
            _check(client, proxy, {**servers, "4040": str(proxy.target.port)})
        for text in self.log:
            wait_until(lambda: re.search(_pattern(text), proxy.output), 5, f"in the log: {text}\n{proxy.output}")


def _replaced(text, ports):
    return re.sub("|".join(ports), lambda found: ports[found[0]], text)


def _check(client, proxy, ports):
    user = next(argument[2:] for argument in client.arguments if argument.startswith("-u"))
    given = [_replaced(argument, ports) for argument in client.arguments[1:]]
    given = [f"-p{PASSWORDS[user]}" if argument == "-p" else argument for argument in given]
    # As at a terminal, where an error ends nothing.
    given += ["--force"] if client.typed else []
    done = subprocess.run(
        ["mariadb", "--no-defaults", "--unbuffered", *given],
        input="\n".join(client.typed), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    found = (_as_at_a_terminal(done.stdout) if client.typed else done.stdout).splitlines()
    expected = [_replaced(line, ports) for line in client.seen]
    matches = len(found) == len(expected) and all(map(re.fullmatch, map(_pattern, expected), found))
    assert matches, f"expected {expected}\nfound    {found}\n{proxy.output[-2000:]}"


def _as_at_a_terminal(output):
    """Without what the client adds where nobody types: the statement that fails, and its line."""
    shortened = re.sub(r"^-{14}\n.*?\n-{14}\n\n", "", output, flags=re.M | re.S)
    return re.sub(r"^(ERROR \d+ \(\w+\)) at line \d+:", r"\1:", shortened, flags=re.M)


def _pattern(text):
    return ".*".join(map(re.escape, text.split("…")))
