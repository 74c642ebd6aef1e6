"""What a process and its children have used: CPU, memory, system calls."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def descendants(pid):
    """The process and its children: a proxy may fork before it serves."""
    family = [pid]
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            family += descendants(int(child))
    return family


def cpu_seconds(pid):
    """User and system time of all threads of the process and its children."""
    user = system = 0
    for member in descendants(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        user += int(fields[11])
        system += int(fields[12])
    return user / TICK, system / TICK


def run_nanoseconds(pid):
    """What cpu_seconds says in sum, to the nanosecond and not to the tick of 10 ms; of threads that are still there."""
    threads = (thread for member in descendants(pid) for thread in Path(f"/proc/{member}/task").iterdir())
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads)


class CPUClock:
    """CPU time from its making on; none for no process."""

    def __init__(self, pid):
        self.pid = pid
        self.begin = cpu_seconds(pid) if pid else (0, 0)

    def microseconds(self, count):
        """User and system µs for each of `count` things."""
        end = cpu_seconds(self.pid) if self.pid else (0, 0)
        return tuple((now - then) * 1e6 / max(count, 1) for now, then in zip(end, self.begin))

    def figures(self, count):
        """The same as a round's figures, with their sum; None where there is no process."""
        user, system = self.microseconds(count) if self.pid else (None, None)
        return {"user_us": user, "system_us": system, "total_us": user + system if self.pid else None}


def memory_kilobytes(pid, field="VmRSS"):
    """Resident memory; VmHWM is the most that it has been."""
    total = 0
    for member in descendants(pid):
        found = re.search(rf"^{field}:\s+(\d+)", Path(f"/proc/{member}/status").read_text(), re.M)
        total += int(found.group(1)) if found else 0
    return total


def system_calls(pid, folder, work):
    """The system calls of the process while `work()` runs, by name, under strace; None where that can't be had."""
    if not shutil.which("strace"):
        return None
    report = Path(folder) / f"strace-{pid}"
    members = [option for member in descendants(pid) for option in ("-p", str(member))]
    # stderr to a file: strace says there when it has taken hold.
    said = Path(folder) / f"strace-{pid}.log"
    with said.open("w") as errors:
        tracer = subprocess.Popen(["strace", "-c", "-f", "-o", report, *members], stdout=errors, stderr=errors)
    try:
        deadline = time.monotonic() + 5
        while "attached" not in said.read_text():
            if tracer.poll() is not None or time.monotonic() > deadline:
                return None
            time.sleep(0.05)
        work()
    finally:
        if tracer.poll() is None:
            tracer.send_signal(signal.SIGINT)
        tracer.wait(20)
    return counted(report.read_text())


def counted(report):
    """Calls by name in a report of `strace -c`."""
    lines = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+\d+)?\s+(\w+)$", report, re.M)
    return {name: int(calls) for calls, name in lines if name != "total"}


def switches(pid):
    """How often the threads of the process have gone to sleep, and how often they were made to wait for a core."""
    found = {"voluntary": 0, "nonvoluntary": 0}
    for member in descendants(pid):
        for thread in Path(f"/proc/{member}/task").iterdir():
            for kind, count in re.findall(r"^(\w+)_ctxt_switches:\s+(\d+)", (thread / "status").read_text(), re.M):
                found[kind] += int(count)
    return found
