"""A benchmark's results: tables of contenders, of whom every round's measures are kept; as text, JSON, and compared."""

import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Column:
    """A measure: its key in a round's figures, its heading, and how many decimals it is shown with."""

    key: str
    heading: str
    digits: int = 2
    # Whether half the distance of the extreme rounds is shown beside the median.
    spread: bool = False


@dataclass
class Table:
    """Rounds by contender; a contender without rounds had no result."""

    title: str
    columns: list
    rounds: dict = field(default_factory=dict)
    note: str = ""
    # What the picture shows: a column's key; with `across`, a line over the rows' numbers in place of bars.
    shown: str = ""
    across: str = ""

    def median(self, name, key):
        values = [one[key] for one in self.rounds[name] if one.get(key) is not None]
        return statistics.median(values) if values else None

    def spread(self, name, key):
        values = [one[key] for one in self.rounds[name] if one.get(key) is not None]
        return (max(values) - min(values)) / 2 if values else None

    def text(self):
        width = max([12, *(len(name) for name in self.rounds)])
        headings, lines = [f"{'':{width}}"], []
        for column in self.columns:
            headings.append(f"{column.heading:>{max(9, len(column.heading))}}" + (f"{'±':>8}" if column.spread else ""))
        for name, rounds in self.rounds.items():
            if not rounds:
                lines.append(f"{name:{width}} no result")
                continue
            cells = [f"{name:{width}}"]
            for column in self.columns:
                cells.append(shown(self.median(name, column.key), column.digits, max(9, len(column.heading))))
                if column.spread:
                    cells[-1] += shown(self.spread(name, column.key), column.digits, 8)
            lines.append(" ".join(cells))
        return "\n".join([self.title, "", " ".join(headings), *lines, *([self.note] if self.note else [])])


def shown(value, digits, width):
    return f"{'–':>{width}}" if value is None else f"{value:{width}.{digits}f}"


def machine():
    """Where it was measured."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(": ")[1] for line in lines if "model name" in line), "")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()[0]}


def write(path, scenario, arguments, tables):
    content = {"scenario": scenario, "arguments": arguments, "machine": machine()}
    content["tables"] = [asdict(table) for table in tables]
    Path(path).write_text(json.dumps(content, indent=2) + "\n")


def read(path):
    """The scenario of a file, and its tables."""
    try:
        content = json.loads(Path(path).read_text())
        return content["scenario"], [table_of(**table) for table in content["tables"]]
    except OSError as error:
        raise SystemExit(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise SystemExit(f"{path} is no file of Scripts/bench: {error}") from error


def table_of(columns, **rest):
    return Table(columns=[Column(**one) for one in columns], **rest)


def compare(before, after):
    """The measures of two files beside each other; a difference within the rounds' spread is none."""
    (scenario, old), (other, new) = read(before), read(after)
    if scenario != other:
        raise SystemExit(f"{before} is of the scenario {scenario}, {after} of {other}: nothing to compare")
    for earlier, later in zip(old, new):
        if earlier.title != later.title:
            print(f"before: {earlier.title}\nafter:  {later.title}\n")
        else:
            print(f"{later.title}\n")
        print(f"{'':24} {'measure':26} {'before':>10} {'after':>10} {'change':>8}")
        for name, rounds in later.rounds.items():
            if not rounds or not earlier.rounds.get(name):
                print(f"{name:24} has no result in both")
                continue
            for column in later.columns:
                print_difference(name, column, earlier, later)
        print()


def print_difference(name, column, old, new):
    before, after = old.median(name, column.key), new.median(name, column.key)
    if before is None or after is None:
        return
    change = f"{(after - before) / before:+8.1%}" if before else f"{'–':>8}"
    noise = old.spread(name, column.key) + new.spread(name, column.key)
    verdict = "  (within the spread)" if abs(after - before) <= noise else ""
    figures = f"{before:10.{column.digits}f} {after:10.{column.digits}f}"
    print(f"{name:24} {column.heading:26} {figures} {change}{verdict}")
