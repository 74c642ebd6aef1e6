"""Scripts/examples/*.sql: each rule set does what its comment block says to try, and README.md names them all."""

import re
import shlex

import pytest
from harness import proxies
from harness.examples import Example, examples
from harness.funnel import users_file
from harness.ports import free_port
from harness.proxies import REPOSITORY
from harness.servers import port, servers  # noqa: F401

pytestmark = [pytest.mark.millrace_only, pytest.mark.timeout(180)]

EXAMPLES = examples("sql")
README = (REPOSITORY / "README.md").read_text()


@pytest.fixture
def start(scratch, servers):  # noqa: F811
    """Starts Millrace with printed options: the ports of the servers, users file and admin port are the test's."""
    running = []
    for server in servers:
        for schema in ("shop", "blog"):
            server.ask(f"CREATE DATABASE IF NOT EXISTS {schema}")
    users = users_file(scratch, ["app"])

    def start(options):
        plugins = next(option.partition("=")[2] for option in options if option.startswith("--plugins="))
        options = [option for option in options if not option.startswith(("--plugins=", "--proxy-address="))]
        options = [option.replace("=users", f"={users}") for option in options]
        options = [with_ports(option) for option in options]
        options.append(f"--admin-address=127.0.0.1:{free_port()}")
        running.append(proxies.start_millrace(scratch, [], *options, plugins=plugins))
        return running[-1]

    def with_ports(option):
        name, _, value = option.partition("=")
        if name != "--admin-config-file":
            return option
        text = re.sub("330[67]", lambda found: str(port(servers[int(found[0]) - 3306])), open(value).read())
        copy = scratch / "rules.sql"
        copy.write_text(text)
        return f"{name}={copy}"

    yield start
    for proxy in running:
        alive = proxy.is_running
        proxy.end()
        assert alive, f"Millrace died:\n{proxy.output[-4000:]}"


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_example(example, start, servers):  # noqa: F811
    transcript = example.transcript
    assert f"--admin-config-file=$PWD/Scripts/examples/{example.path.name}" in transcript.options
    transcript.run(start, [port(server) for server in servers], REPOSITORY)


def test_the_command_in_the_readme_is_that_of_its_example():
    blocks = re.findall(r"^    Scripts/run ((?:.*\\\n)*.*)$", README, re.M)
    commands = [shlex.split(block.replace("\\\n", "")) for block in blocks]
    (printed,) = [options for options in commands if any("Scripts/examples" in option for option in options)]
    (name,) = [option.partition("=")[2] for option in printed if option.startswith("--admin-config-file=")]
    options = Example(REPOSITORY / name).transcript.options
    assert printed == [option.replace("$PWD/", "") for option in options]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_is_short_and_says_what_it_does(example):
    example.check_form()
    assert f"`{example.path.name}`" in README
