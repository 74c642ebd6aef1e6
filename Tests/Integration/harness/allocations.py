"""How often a process allocates, and where: a library preloaded into it counts."""

import mmap
import re
import shutil
import struct
import subprocess
from collections import Counter
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "allocations.c"
# The layout of struct counts and struct place in that file.
PLACES, DEPTH = 1024, 40
# Of a stack, its innermost functions.
SHOWN = 9
HEADER, PLACE = struct.Struct("=3Q"), struct.Struct(f"={3 + DEPTH}Q")
SIZE = HEADER.size + PLACES * PLACE.size


def preloaded(folder):
    """Compiles the counting library into the folder; answers it."""
    library = Path(folder) / "allocations.so"
    compiler = shutil.which("cc") or "clang"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    return library


class Allocations:
    """The counts of one process, which is started with `environment`."""

    def __init__(self, folder, library):
        path = Path(folder) / "allocations"
        path.write_bytes(bytes(SIZE))
        self.environment = {"LD_PRELOAD": str(library), "MILLRACE_ALLOCATIONS": str(path)}
        with open(path, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), SIZE)

    def count(self, work):
        """The calls of malloc and its kin while `work()` runs."""
        self.shared[:] = bytes(SIZE)
        self.switch(1)
        work()
        self.switch(0)
        return HEADER.unpack_from(self.shared)[1]

    def switch(self, counting):
        struct.pack_into("=Q", self.shared, 0, counting)

    def stacks(self):
        """Counter of the stacks that allocated, each a tuple of addresses from malloc's caller outwards."""
        found = Counter()
        for number in range(PLACES):
            count, _, depth, *frames = PLACE.unpack_from(self.shared, HEADER.size + number * PLACE.size)
            if count:
                # The counting library's own two frames go first.
                found[tuple(frames[2:depth])] += count
        return found

    def report(self, pid, queries):
        """Where the process allocated, the most frequent first: how often for each of the queries, and the stack."""
        stacks = self.stacks()
        names = Names(pid, {address for frames in stacks for address in frames})
        places = Counter()
        for frames, count in stacks.items():
            places[tuple(names.of(frames)[:SHOWN])] += count
        lines = []
        for place, count in places.most_common(12):
            lines += [f"{count / queries:.4f} a query ({count})", *(f"    {name}" for name in place)]
        return "\n".join(lines)


class Names:
    """The names of a running process's addresses."""

    def __init__(self, pid, addresses):
        self.names = {}
        for path, offsets in objects_of(pid, addresses).items():
            # One byte back: a return address may already belong to the next function.
            asked = [hex(offset - 1) for offset in offsets.values()]
            said = subprocess.run(
                ["addr2line", "-f", "-s", "-e", path, *asked], capture_output=True, text=True, check=False
            ).stdout.splitlines()
            for address, name, place in zip(offsets, said[::2], said[1::2]):
                self.names[address] = f"{name} in {Path(path).name}" if place.startswith("?") else f"{name} ({place})"
        self.names = dict(zip(self.names, demangled(self.names.values())))

    def of(self, frames):
        """The stack in names, without Swift's own way to malloc."""
        names = [self.names.get(address, hex(address)) for address in frames]
        return [name for name in names if not name.startswith(("swift_slowAlloc", "swift_allocObject"))]


def objects_of(pid, addresses):
    """The files that the addresses are in: {path: {address: its place in the file}}."""
    found, bases = {}, {}
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        fields = line.split(None, 5)
        if len(fields) < 6 or not fields[5].startswith("/"):
            continue
        begin, end = (int(part, 16) for part in fields[0].split("-"))
        base = bases.setdefault(fields[5], begin)
        for address in addresses:
            if begin <= address < end:
                found.setdefault(fields[5], {})[address] = address - base
    return found


def demangled(names):
    """Swift's names as they are written; as they are where the tool is missing."""
    try:
        said = subprocess.run(
            ["swift-demangle", "-simplified"], input="\n".join(names), capture_output=True, text=True, check=True
        ).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return list(names)
    return [re.sub(r"^\$s", "", name) for name in said]
