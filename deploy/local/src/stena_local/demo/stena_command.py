"""Runs the command `stena` where the deployment is: on this machine, or in the containers of compose."""

import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

import orjson

from stena_local.trouble import DeploymentError

Where = Literal["deployment", "gateway", "profile-svc"]
_PLACES: Final[tuple[Where, ...]] = ("deployment", "gateway", "profile-svc")


@dataclass(frozen=True)
class StenaCommand:
    """``prefixes`` says for each place how a command that belongs there begins."""

    prefixes: Mapping[Where, tuple[str, ...]]

    @classmethod
    def here(cls) -> Self:
        """The embedded deployment: every command is this interpreter's own."""
        return cls(dict.fromkeys(_PLACES, (sys.executable, "-m", "stena_local")))

    @classmethod
    def in_containers(cls, compose: str) -> Self:
        """A deployment that ``compose`` (as in ``docker compose -f deploy/compose.yaml``) has brought up."""
        return cls({place: (*shlex.split(compose), "exec", "-T", place, "stena") for place in _PLACES if place != "deployment"})

    def run(self, place: Where, *arguments: str, feed: bytes | None = None) -> bytes:
        """What the command prints. Raises ``DeploymentError`` with its complaint if it fails."""
        done = subprocess.run([*self.prefixes[place], *arguments], input=feed, capture_output=True, check=False)
        if done.returncode != 0:
            complaint = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise DeploymentError(f"`stena {' '.join(arguments)}` failed:\n{complaint[-2000:]}")
        return done.stdout

    def ask(self, place: Where, *arguments: str) -> Any:
        """The JSON that the command prints."""
        return orjson.loads(self.run(place, *arguments))
