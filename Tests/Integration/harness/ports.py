"""Free ports, and waiting for what takes a moment."""

import contextlib
import os
import random
import socket
import time
from pathlib import Path

LOOPBACK = "127.0.0.1"
_given_out = set()
# Tests that run at the same time in several processes take ports of their own.
_processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
_process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
# From here on Linux gives ports to outgoing connections, which would take one before its server starts.
_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
_ports = range(10_000 + _process, max(_outgoing, 20_000), _processes)


def free_port(address=LOOPBACK):
    """A TCP port that nothing listens on, never the same twice, and none of another test process."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    while True:
        port = random.choice(_ports)
        with socket.socket(family) as probe, contextlib.suppress(OSError):
            probe.bind((address, port))
            if port not in _given_out:
                _given_out.add(port)
                return port


def wait_until(condition, seconds=30, what="the condition"):
    """Waits until `condition()` is true and answers its value; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


def accepts(port, address=LOOPBACK):
    """Whether something takes connections on the port."""
    try:
        socket.create_connection((address, port), timeout=1).close()
        return True
    except OSError:
        return False


def accepts_at(path):
    """Whether something takes connections on the Unix socket: its file is there a moment before that."""
    with socket.socket(socket.AF_UNIX) as knock:
        knock.settimeout(1)
        try:
            knock.connect(str(path))
            return True
        except OSError:
            return False
