"""The whole story with real processes: it comes out as the rulebook says, and its lines can be pasted into a shell."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stena_local.settings import inherited
from stena_local.testing import free_row

pytestmark = pytest.mark.processes
PATIENCE = 240


class Demo:
    """A deployment of its own, seen only through the command `stena`."""

    def __init__(self, home: Path, port: int) -> None:
        self.environment = {**inherited(), "STENA_HOME": str(home), "STENA_PORT": str(port), "COLUMNS": "118"}

    def stena(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "stena_local", *arguments)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo(tmp_path_factory.mktemp("demo") / "home", free_row())
    yield demo
    demo.stena("down")
    demo.stena("remove", "--yes")


def test_the_story_comes_out_twice_and_its_lines_can_be_pasted(demo: Demo) -> None:
    told = demo.stena("demo", "story")
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr
    assert "✗" not in told.stdout
    assert max(map(len, told.stdout.partition("Your turn")[0].splitlines())) <= 120
    assert demo.stena("status").returncode == 0, "it stays up"

    lines = told.stdout[told.stdout.index("STENA=") : told.stdout.index("# every call")]
    pasted = demo.run("bash", "-euc", lines)
    assert pasted.returncode == 0, pasted.stderr
    purposes, olena, speakers, matches, unapproved, sideways = _documents(pasted.stdout)
    assert {"job-ranking", "training-placement"} <= {purpose["purpose"] for purpose in purposes["purposes"]}
    assert olena["attributes"]["adjustments_needed"] == ["regular-breaks"]
    assert len(speakers["people"]) == 2
    assert len(matches["matches"]) == 3
    assert (unapproved["status"], sideways["status"]) == (403, 403)

    again = demo.stena("demo", "story", "--once")
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr
    assert demo.stena("status").returncode == 1, "it has stopped"


def _documents(text: str) -> list[Any]:
    """The JSON documents that stand one after the other in ``text``."""
    decoder, documents, position = json.JSONDecoder(), [], 0
    while position < len(text.rstrip()):
        document, position = decoder.raw_decode(text, position)
        documents.append(document)
        position += len(text[position:]) - len(text[position:].lstrip())
    return documents
