"""Clients and backends that break the protocol in every way at once: the proxy stays, and others are served."""

import os
import threading
import time

import pytest
from harness.noise import NoisyBackend, play_client, read_packet
from harness.ports import wait_until
from harness.process import descriptor_count
from harness.target import Target
from harness.wire import Wire

pytestmark = pytest.mark.millrace_only

SECONDS = int(os.environ.get("MILLRACE_NOISE_SECONDS", "10"))
SEED = os.environ.get("MILLRACE_SEED", "1")


def test_noise_from_both_sides(make_millrace, direct):
    with Wire(direct) as connection:
        _, greeting = read_packet(connection.socket)
    backends = [NoisyBackend(greeting, f"{SEED} {number}") for number in range(4)]
    noisy = make_millrace(
        [Target(port=backend.port) for backend in backends],
        "--log-level=info", "--proxy-login-timeout=2", "--proxy-read-timeout=2",
    )  # fmt: skip
    before = descriptor_count(noisy.pid)
    deadline = time.monotonic() + SECONDS
    clients = [
        threading.Thread(target=play_client, args=(noisy.target, f"{SEED} {number}", deadline)) for number in range(8)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    for backend in backends:
        backend.close()
    assert noisy.is_running, f"the proxy died; replay with MILLRACE_SEED={SEED}"
    wait_until(lambda: descriptor_count(noisy.pid) <= before + 2, seconds=20, what="the sessions' end")
    assert "broke the protocol" in noisy.output
