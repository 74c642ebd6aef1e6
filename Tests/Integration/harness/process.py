"""A child process that is ended by its id and whose output is kept for the failure message."""

import os
import signal
import subprocess
from pathlib import Path

from .ports import wait_until


class Process:
    """A started program; as a context manager it is ended at the end."""

    def __init__(self, arguments, log_path, environment=None, cwd=None):
        self.arguments = [str(argument) for argument in arguments]
        self.log_path = Path(log_path)
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(
                self.arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                cwd=cwd,
                start_new_session=True,
            )

    @property
    def pid(self):
        return self.child.pid

    @property
    def is_running(self):
        return self.child.poll() is None

    @property
    def output(self):
        return self.log_path.read_text(errors="replace")

    def wait_until_ready(self, condition, seconds=60):
        """Waits for `condition`, and fails at once with the output when the program ends before."""
        wait_until(lambda: condition() or not self.is_running, seconds, f"{self.arguments[0]} to be ready\n{self.output}")
        assert self.is_running, f"{' '.join(self.arguments)} ended with {self.child.returncode}:\n{self.output}"

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self, seconds=30):
        """The exit code."""
        return self.child.wait(seconds)

    def kill(self):
        if self.is_running:
            self.child.kill()
        self.child.wait(30)

    def end(self, seconds=30):
        """TERM, and KILL where that doesn't help in time."""
        if self.is_running:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def resident_kilobytes(pid):
    """The process's resident memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def descriptor_count(pid):
    """The process's open files."""
    return len(os.listdir(f"/proc/{pid}/fd"))
