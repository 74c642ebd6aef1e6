"""Scripts before the database that all tests share, or before backends of a test's own."""

import pytest
from harness import proxies
from harness.lua import CONSOLE, SAY, Console


@pytest.fixture
def scripted(make_millrace, database, scratch):
    """Starts Millrace with a script that may `say` things; one loop, so that its clients share `proxy.global`."""

    def start(source, *options, backends=None):
        path = scratch / "script.lua"
        path.write_text(SAY + source)
        given = [database.direct] if backends is None else backends
        return make_millrace(given, f"--proxy-lua-script={path}", "--event-threads=1", *options, unseen=True)

    return start


@pytest.fixture(scope="module")
def console_proxy(tmp_path_factory, database):
    folder = tmp_path_factory.mktemp("console")
    (folder / "console.lua").write_text(CONSOLE)
    options = [f"--proxy-lua-script={folder}/console.lua", "--event-threads=1"]
    proxy = proxies.start_millrace(folder, [database.direct], *options, unseen=True)
    yield proxy
    proxy.end()


@pytest.fixture
def lua(console_proxy):
    """A console of the test's own; the process is the module's."""
    console = Console(console_proxy, database="test")
    yield console
    console.close()
