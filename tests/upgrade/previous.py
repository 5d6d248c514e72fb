"""The previous release as it was, named in ``deploy/previous-release``: its own code, with the libraries of this one."""

import io
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).parents[2]
NAMED_IN: Final = CHECKOUT / "deploy" / "previous-release"
PACKAGES: Final = (
    *("shared", "deploy/local"),
    *(f"services/{name}" for name in ("gateway", "policy-svc", "profile-svc", "matching-svc")),
)
MODULES: Final = ("stena", "gateway", "policy_svc", "profile_svc", "matching_svc", "stena_local")


class NoHistory(Exception):
    """The commit is not here; the message says how to get it."""


@dataclass(frozen=True)
class Previous:
    """``code`` is its checkout, ``python`` an interpreter that finds this code and no other."""

    code: Path
    python: Path


def named() -> str:
    return NAMED_IN.read_text().strip()


def unpacked(folder: Path) -> Previous:
    """Below ``folder``, which is empty. Raises ``NoHistory``."""
    code, environment = folder / "code", folder / "venv"
    with tarfile.open(fileobj=io.BytesIO(_git("archive", named()))) as archive:
        archive.extractall(code, filter="data")
    venv.create(environment, symlinks=True)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(environment)}))
    # First its own code, then our libraries: what their folder says of our own code is not read when it is named like this.
    lines = [*(str(code / package / "src") for package in PACKAGES), sysconfig.get_path("purelib")]
    (site / "previous.pth").write_text("".join(f"{line}\n" for line in lines))
    previous = Previous(code, environment / "bin" / "python")
    _require_its_own_code(previous)
    return previous


def names_below(folder: str) -> set[str]:
    """The files that the previous release had there. Raises ``NoHistory``."""
    return set(_git("ls-tree", "-r", "--name-only", named(), folder).decode().splitlines())


def _git(*arguments: str) -> bytes:
    git = shutil.which("git") or "git"
    done = subprocess.run([git, "-C", str(CHECKOUT), *arguments], capture_output=True, check=False)
    if done.returncode != 0:
        raise NoHistory(f"the previous release, {named()}, is not in this clone; get it with: git fetch --unshallow")
    return done.stdout


def _require_its_own_code(previous: Previous) -> None:
    """INVARIANT: whatever is shown with the previous release is shown with its code, not with ours under its name."""
    asking = f"import {', '.join(MODULES)}; print(*({', '.join(f'{module}.__file__' for module in MODULES)},), sep=chr(10))"
    done = subprocess.run([previous.python, "-c", asking], capture_output=True, text=True, check=True, cwd=previous.code)
    elsewhere = [file for file in done.stdout.splitlines() if not Path(file).is_relative_to(previous.code)]
    if elsewhere or str(CHECKOUT) == str(previous.code) or sys.executable == str(previous.python):
        raise AssertionError(f"these are not of the previous release: {elsewhere}")
