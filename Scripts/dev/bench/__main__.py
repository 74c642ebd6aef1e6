"""The benchmark behind Scripts/bench: named scenarios, each of Millrace and its peers in interleaved rounds."""

import argparse
import os
import resource
import shutil
import signal
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY / "Tests/Integration"))

import clients  # noqa: E402
import picture  # noqa: E402
import point_selects  # noqa: E402
import results  # noqa: E402
from contenders import missing_peers  # noqa: E402
from cores import cores  # noqa: E402
from fairness import funnel_fair  # noqa: E402
from harness import proxies  # noqa: E402
from routing import routing  # noqa: E402

SCENARIOS = {
    "relay": point_selects.relay, "funnel": point_selects.funnel_few, "funnel-500": point_selects.funnel_crowd,
    "funnel-fair": funnel_fair, "rules": point_selects.rules, "lua": point_selects.lua, "routing": routing,
    "idle": clients.idle, "connect": clients.connect, "large": clients.large, "cores": cores,
}  # fmt: skip
EPILOG = """scenarios:
{scenarios}

Scripts/bench compare BEFORE.json AFTER.json tells two runs apart.
Scripts/bench micro [--check | --update] measures the pieces of the hot path, without a server.

MILLRACE_BINARY, PROXYSQL_BINARY and MYSQL_PROXY_BINARY name programs: what to measure in place of a build of this
checkout, and peers beside HAProxy. Scripts/dev/bench/README.md tells how to read the figures."""


def options_of(arguments):
    scenarios = "\n".join(f"  {name:11} {first_line(scenario)}" for name, scenario in SCENARIOS.items())
    parser = argparse.ArgumentParser(
        prog="Scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EPILOG.format(scenarios=scenarios),
    )  # fmt: skip
    parser.add_argument("scenario", nargs="?", default="relay", metavar="SCENARIO", help="one of those below (relay)")
    parser.add_argument("--rounds", type=positive, default=3, help="interleaved rounds (3)")
    parser.add_argument("--seconds", type=positive, default=10, help="of a round and contender (10)")
    parser.add_argument("--threads", type=positive, default=16, help="sysbench clients (16)")
    parser.add_argument("--crowd", type=positive, default=500, help="clients of funnel-500, funnel-fair and idle (500)")
    parser.add_argument("--few", type=positive, default=10, help="connections of funnels to the server (10)")
    parser.add_argument("--logins", type=positive, default=2000, help="of connect (2000)")
    parser.add_argument("--turns", type=positive, default=50_000, help="USE and SELECT of routing (50000)")
    parser.add_argument("--most", type=positive, default=200_000, help="rules of routing (200000)")
    parser.add_argument("--prepared", action="store_true", help="with server-side prepared statements")
    parser.add_argument("--json", metavar="FILE", help="where to write every round's figures")
    parser.add_argument("--pictures", metavar="FOLDER", default=".build/bench", help="for pictures (.build/bench)")
    # What Scripts/bench asks before it installs and builds.
    parser.add_argument("--only-check", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.scenario not in SCENARIOS:
        parser.error(f"there is no scenario {options.scenario!r}; there are {', '.join(SCENARIOS)}, compare and micro")
    return options


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def first_line(scenario):
    return scenario.__doc__.strip().splitlines()[0]


def check():
    """Ends the benchmark where a program is missing that the environment names."""
    missing = missing_peers()
    if os.environ.get("MILLRACE_BINARY") and not os.access(proxies.BINARY, os.X_OK):
        missing.append(f"MILLRACE_BINARY={proxies.BINARY} is no program")
    if missing:
        raise SystemExit("\n".join(missing))


def allow_open_files(clients):
    """Raises the limit of this process and of those it starts: a proxy has two descriptors a client, at most."""
    wanted = 2 * clients + 4000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY in (soft, hard) or soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
    except (ValueError, OSError) as error:
        raise SystemExit(
            f"{clients} clients take {wanted} open files, and the hard limit is {hard} ({error}): "
            "raise it (ulimit -Hn, as root), or give a smaller --crowd"
        ) from error


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
        # `| head` may close the pipe.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        return results.compare(*arguments[1:])
    options = options_of(arguments)
    check()
    if options.only_check:
        return
    if not proxies.BINARY.exists():
        raise SystemExit(f"{proxies.BINARY} is missing: build it with 'swift build -c release', or set MILLRACE_BINARY")
    allow_open_files(max(options.threads, options.crowd))
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
