"""Looks at processes and ports of this machine. Ends nothing and opens nothing."""

import os
import socket
import subprocess
from pathlib import Path

from stena_local.trouble import DeploymentError

HOST = "127.0.0.1"


def command_line(pid: int) -> str:
    """The command line of a living process, empty when there is none of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:  # it lives, and belongs to somebody else
        pass
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:  # no /proc on this system
        return subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False).stdout


def begun(pid: int) -> str:
    """When the process of that number began, in a form that only compares; empty when there is none."""
    try:
        # What stands in brackets is a name, which may hold anything; the 22nd field counts from the boot of the machine.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:  # no such process, or no /proc on this system
        asked = ["ps", "-p", str(pid), "-o", "lstart="]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def require_free(port: int, what: str) -> None:
    """Raise unless ``what`` could listen on ``port``."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise DeploymentError(
                f"Port {port} of {HOST}, meant for {what}, is taken. Stop what listens there, "
                "or move the whole deployment with --port (everything listens from that port on)."
            ) from error
