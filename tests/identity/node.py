"""The programs of ``provider/`` under node: a certified OpenID provider and a certified client that nobody here wrote.

They are installed by npm as the lock file says, hashes and all, into a folder of the user's cache, once for each version of it.
Where that cannot be, who asks is told why: ``Missing``.
"""

import asyncio
import json
import os
import shutil
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

FILES: Final = sorted((Path(__file__).parent / "provider").iterdir())
WITHIN: Final = 120  # seconds to install, or to answer on a busy machine
_OFFLINE: Final = ("EAI_AGAIN", "ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "ECONNRESET")


class Missing(Exception):
    """Node, npm or the network is not there. The text says which."""


def installed() -> Path:
    """The folder with the programs and what they need. Raises ``Missing``."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise Missing(f"{program} is not on this machine: install Node.js 20 or later")
    version = sha256(b"".join(file.read_bytes() for file in FILES)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "stena" / "node"
    if not (cache / version).exists():
        cache.mkdir(parents=True, exist_ok=True)
        _install(cache, cache / version)
    return cache / version


def _install(cache: Path, folder: Path) -> None:
    made = Path(mkdtemp(dir=cache))
    for file in FILES:
        shutil.copy(file, made)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=made, capture_output=True, text=True, timeout=WITHIN, check=False)
    if done.returncode != 0:
        shutil.rmtree(made)
        reason = next((each for each in _OFFLINE if each in done.stderr), None)
        if reason is None:
            raise AssertionError(f"npm does not install what the lock file says:\n{done.stderr}")
        raise Missing(f"npm reaches no registry ({reason}): connect once, what it installs is kept in {cache}")
    try:
        made.rename(folder)
    except OSError:  # another process was faster
        shutil.rmtree(made)


async def run(program: str, told: Mapping[str, Any]) -> Any:
    """What a program prints that ends by itself."""
    process = await _start(program, told)
    out, err = await asyncio.wait_for(process.communicate(), WITHIN)
    assert process.returncode == 0, err.decode()
    return json.loads(out)


class Provider:
    """The provider while it runs."""

    def __init__(self, process: Process, issuer: str) -> None:
        self._process = process
        self.issuer = issuer

    async def tell(self, **command: Any) -> None:
        """``keys``: sign with these from now on. ``clock``: it is so many seconds later or earlier."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        await answer(self._process)


@asynccontextmanager
async def provider(clients: Sequence[Mapping[str, Any]], keys: Sequence[Mapping[str, Any]]) -> AsyncIterator[Provider]:
    process = await _start("provider.mjs", {"clients": clients, "keys": keys})
    try:
        yield Provider(process, (await answer(process))["issuer"])
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def answer(process: Process) -> Any:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), WITHIN)
    assert line.startswith(b"{"), line
    return json.loads(line)


async def _start(program: str, told: Mapping[str, Any]) -> Process:
    folder = await asyncio.to_thread(installed)
    return await asyncio.create_subprocess_exec(
        "node", str(folder / program), json.dumps(told), stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=folder
    )
