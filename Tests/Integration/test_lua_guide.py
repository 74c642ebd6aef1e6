"""Scripts/README.md: every script with a session printed behind it is run, and does what is printed."""

import re

import pytest
from harness.proxies import REPOSITORY
from harness.transcript import Transcript

pytestmark = pytest.mark.millrace_only

GUIDE = (REPOSITORY / "Scripts/README.md").read_text()
LIBRARY = REPOSITORY / "Scripts/lib"
SCRIPTS = re.findall(r"^```lua\n(.*?)^```\n\n```console\n(.*?)^```", GUIDE, flags=re.M | re.S)
RUN = [pytest.param(script, session, id=re.search(r"PWD/([\w-]+)\.lua", session)[1]) for script, session in SCRIPTS]


@pytest.mark.parametrize(("script", "session"), RUN)
def test_recipe(script, session, scratch, database, make_millrace):
    transcript = Transcript.parse(session.splitlines())
    name = re.search(r"\$PWD/([\w-]+\.lua)", session)[1]
    (scratch / name).write_text(script)
    transcript.run(lambda options: make_millrace([], *options, unseen=True), [database.port], scratch)


def test_the_guide_begins_with_five_lines_and_has_ten_recipes():
    assert SCRIPTS[0][0].count("\n") == 5
    headings = re.findall(r"^### (\d+)\. ", GUIDE, flags=re.M)
    assert headings == [str(number) for number in range(1, 11)]
    assert len(SCRIPTS) == 11 and GUIDE.count("```lua") == 11


@pytest.mark.skipif(not LIBRARY.exists(), reason="the library isn't merged yet")
def test_the_guide_s_links_lead_somewhere():
    headings = re.findall(r"^#+ (.*)$", GUIDE, flags=re.M)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for link in re.findall(r"\]\(([^)]+)\)", GUIDE):
        assert link[1:] in anchors if link.startswith("#") else (REPOSITORY / "Scripts" / link).exists(), link


@pytest.mark.skipif(not LIBRARY.exists(), reason="the library isn't merged yet")
def test_the_library_is_told_of_file_by_file():
    files = {str(path.relative_to(LIBRARY)) for path in LIBRARY.rglob("*.lua")}
    listed = re.findall(r"^\| `([\w.-]+)` \|", GUIDE.partition("## The library")[2].partition("## Ten")[0], flags=re.M)
    assert {f"{name.replace('.', '/')}.lua" for name in listed} == files
