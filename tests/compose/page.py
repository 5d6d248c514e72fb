"""The commands of `docs/operations.md`, and of other pages, as an operator would paste them: a script for each block of a
section."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

HOUSE: Final = Path(__file__).parents[2]
PAGE: Final = HOUSE / "docs" / "operations.md"
BASH: Final = shutil.which("bash") or "bash"
PRELUDE: Final = "Operations"
"""The section with what every other one goes on from."""


@cache
def sections(page: Path = PAGE) -> Mapping[str, tuple[str, ...]]:
    """Blocks of commands by the title of their section; sections without any are left out."""
    found: dict[str, tuple[str, ...]] = {}
    for part in re.split(r"^#{1,2} ", page.read_text(), flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        blocks = re.findall(r"(?:^ {4}.*\n)+", body, flags=re.MULTILINE)
        if blocks:
            found[title] = tuple(re.sub(r"^ {4}", "", block, flags=re.MULTILINE) for block in blocks)
    return found


def script(title: str, block: int | None = None) -> str:
    """All blocks of a section, or one, after those lines that it goes on from; the first failure ends it."""
    chosen = sections()[title] if block is None else (sections()[title][block],)
    return "\n".join(["set -euo pipefail", *sections()[PRELUDE], *chosen])


def run(lines: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Not from standard input: what a command in it reads there would be the rest of the script."""
    return subprocess.run([BASH, "-c", lines], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options)


def do(title: str, block: int | None = None, **told: str) -> str:
    """Do what the section says. What was printed; a failure shows all of it."""
    return pasted(script(title, block), f"docs/operations.md, {title!r},", **told)


def pasted(lines: str, what: str, **told: str) -> str:
    """``told``: variables of the shell that they are pasted into."""
    done = run(lines, cwd=HOUSE, env={**os.environ, **told})
    if done.returncode != 0:
        raise SystemExit(f"{what} failed with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


if __name__ == "__main__":
    print(script(sys.argv[1], int(sys.argv[2])))
