"""Clients by the hundred in this process, on epoll: each asks again as soon as it is answered.

A thread for each client, as sysbench has, waits for a core as long as for an answer where clients are many and cores
few: the tail is then the scheduler's. This client has one thread, and its tail is the proxy's and the server's.
"""

import itertools
import random
import select
import time

from harness import wire
from harness.wire import Wire, error_of, is_eof
from load import TABLE_SIZE, Refused

# Longest time without any answer, in seconds.
PATIENCE = 60


class Crowd:
    """So many logged-in clients."""

    def __init__(self, target, count):
        self.asking, self.poll = {}, select.epoll()
        try:
            for _ in range(count):
                one = Asking(target)
                self.asking[one.socket.fileno()] = one
                self.poll.register(one.socket, select.EPOLLIN)
        except (wire.Closed, AssertionError, OSError) as reason:
            self.close()
            raise Refused(f"client {len(self.asking) + 1} is not let in: {reason}") from reason

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.poll.close()
        for one in self.asking.values():
            one.socket.close()

    def ask_for(self, seconds):
        """The latencies in ms of all queries that were answered in that time; nothing is under way afterwards."""
        found, waiting = [], len(self.asking)
        end = time.monotonic() + seconds
        for one in self.asking.values():
            one.ask()
        while waiting:
            events = self.poll.poll(PATIENCE)
            if not events:
                raise Refused(f"{waiting} clients have had no answer for {PATIENCE} s")
            for descriptor, _ in events:
                one = self.asking[descriptor]
                if not one.is_answered():
                    continue
                now = time.monotonic()
                if now < end:
                    found.append((now - one.asked) * 1000)
                    one.ask()
                else:
                    waiting -= 1
        return found


class Asking:
    """A client with a point select, always another one of the table."""

    numbers = itertools.cycle(random.Random(1).sample(range(1, TABLE_SIZE + 1), TABLE_SIZE))

    def __init__(self, target):
        self.connection = Wire(target)
        self.connection.login()
        self.socket, self.asked, self.answer = self.connection.socket, 0.0, b""
        self.socket.setblocking(False)

    def ask(self):
        self.answer, self.asked = b"", time.monotonic()
        # A query is far smaller than what any socket takes at once.
        self.connection.send(b"%cSELECT c FROM bench.sbtest1 WHERE id=%d" % (wire.QUERY, next(self.numbers)), 0)

    def is_answered(self):
        """Receives, and says whether the answer is whole."""
        part = self.socket.recv(4096)
        if not part:
            raise Refused("a client was cut off")
        self.answer += part
        return is_whole(self.answer)


def is_whole(answer):
    """Whether the second EOF has come: the first is behind the column, the second behind the row."""
    place, ends = 0, 0
    while place + 4 <= len(answer):
        end = place + 4 + int.from_bytes(answer[place : place + 3], "little")
        if end > len(answer):
            return False
        packet = answer[place + 4 : end]
        if packet[:1] == b"\xff":
            raise Refused(f"a query failed: {error_of(packet)}")
        ends += is_eof(packet)
        place = end
    return ends == 2


def quantile(latencies, share):
    """The smallest of the latencies that so many of them are not above."""
    if not latencies:
        raise Refused("no query was answered in time")
    return sorted(latencies)[min(len(latencies) - 1, int(share * len(latencies)))]
