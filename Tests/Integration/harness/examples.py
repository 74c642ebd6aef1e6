"""Scripts/examples: on top of each stands a comment block, whose indented lines are a session."""

from .proxies import REPOSITORY
from .transcript import Transcript


class Example:
    """A script or a rule set that says what it does and what to try."""

    def __init__(self, path):
        self.path = path
        block = []
        for line in path.read_text().splitlines():
            if not line.startswith("--"):
                break
            block.append(line[2:])
        self.title = block[0]
        self.session = [line.strip(" ") for line in block if line.startswith("   ")]

    def __str__(self):
        return self.path.stem

    @property
    def transcript(self):
        return Transcript.parse(self.session)

    def check_form(self):
        """It is short, and says what it does."""
        lines = self.path.read_text().splitlines()
        assert len(lines) <= 60 and max(map(len, lines)) <= 120
        assert self.title.startswith(f" {self.path.stem}: ")
        assert any(line.startswith("> ") for line in self.session)


def examples(ending):
    return [Example(path) for path in sorted((REPOSITORY / "Scripts/examples").glob(f"*.{ending}"))]
