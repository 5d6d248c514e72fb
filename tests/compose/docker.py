"""Docker and its compose as commands; which of its two versions it is, `deploy/compose-test.sh` has seen to."""

import shutil
import subprocess
from typing import Final

DOCKER: Final = shutil.which("docker") or "docker"


def docker(*arguments: str) -> str:
    """What it prints; a failure shows what it said."""
    done = subprocess.run([DOCKER, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"docker {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def compose(*arguments: str) -> str:
    return docker("compose", *arguments)


def containers(service: str) -> list[str]:
    return compose("ps", "-q", service).split()
