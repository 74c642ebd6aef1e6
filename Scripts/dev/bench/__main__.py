"""The benchmark behind Scripts/bench: named scenarios, each of Millrace and its peers in interleaved rounds."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY / "Tests/Integration"))

import clients  # noqa: E402
import picture  # noqa: E402
import point_selects  # noqa: E402
import results  # noqa: E402
from harness import proxies  # noqa: E402
from harness.database_server import program  # noqa: E402
from routing import routing  # noqa: E402

SCENARIOS = {
    "relay": point_selects.relay, "funnel": point_selects.funnel_few, "funnel-500": point_selects.funnel_crowd,
    "rules": point_selects.rules, "lua": point_selects.lua, "routing": routing, "idle": clients.idle,
    "connect": clients.connect, "large": clients.large,
}  # fmt: skip


def options_of(arguments):
    scenarios = "\n".join(f"  {name:11} {first_line(scenario)}" for name, scenario in SCENARIOS.items())
    parser = argparse.ArgumentParser(
        prog="Scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"scenarios:\n{scenarios}\n\nScripts/bench compare BEFORE.json AFTER.json tells two runs apart.",
    )  # fmt: skip
    parser.add_argument("scenario", nargs="?", choices=SCENARIOS, default="relay", metavar="SCENARIO")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds (3)")
    parser.add_argument("--seconds", type=int, default=10, help="of a round and contender (10)")
    parser.add_argument("--threads", type=int, default=16, help="sysbench clients (16)")
    parser.add_argument("--crowd", type=int, default=500, help="clients of funnel-500 and of idle (500)")
    parser.add_argument("--logins", type=int, default=2000, help="of connect (2000)")
    parser.add_argument("--turns", type=int, default=50_000, help="USE and SELECT of routing (50000)")
    parser.add_argument("--most", type=int, default=200_000, help="rules of routing (200000)")
    parser.add_argument("--prepared", action="store_true", help="with server-side prepared statements")
    parser.add_argument("--json", metavar="FILE", help="where to write every round's figures")
    parser.add_argument("--pictures", metavar="FOLDER", default=".build/bench", help="for pictures (.build/bench)")
    return parser.parse_args(arguments)


def first_line(scenario):
    return scenario.__doc__.strip().splitlines()[0]


def run(options):
    options.user = "app"
    folder = Path(tempfile.mkdtemp(prefix="millrace-bench-", dir="/tmp"))
    try:
        return list(SCENARIOS[options.scenario](options, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments):
    if arguments[:1] == ["compare"]:
        if len(arguments) != 3:
            raise SystemExit("Scripts/bench compare BEFORE.json AFTER.json")
        return results.compare(*arguments[1:])
    options = options_of(arguments)
    if not proxies.BINARY.exists():
        raise SystemExit(f"{proxies.BINARY} is missing: build it with 'swift build -c release', or set MILLRACE_BINARY")
    assert program("sysbench")
    tables = run(options)
    for table in tables:
        print(table.text() + "\n")
    file = Path(options.json or f"{options.pictures}/{options.scenario}.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    results.write(file, options.scenario, vars(options), tables)
    drawn = picture.draw(options.pictures, options.scenario, tables)
    print("\n".join(str(path) for path in [file, *drawn]))
    if not drawn:
        print("no picture: matplotlib isn't installed")


if __name__ == "__main__":
    main(sys.argv[1:])
