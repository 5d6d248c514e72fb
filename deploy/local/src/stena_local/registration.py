"""Makes matching-svc a client of the gateway, once: it reads people through the wall like everyone else."""

import json
import subprocess
import sys
from collections.abc import Mapping

from stena_local.secret_files import SecretFiles
from stena_local.trouble import DeploymentError


def register_matching(files: SecretFiles, environment: Mapping[str, str] | None = None) -> None:
    """Register unless ``files`` hold credentials already. ``environment`` tells where the gateway's database is."""
    if files.client_id.exists():
        return
    command = ["client", "add", "--organisation", "stena-matching", "--name", "matching-svc", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "stena_local", *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DeploymentError(f"matching-svc could not be registered at the gateway:\n{done.stderr.strip()}")
    client = json.loads(done.stdout)
    files.keep_client(client["client_id"], client["client_secret"])
