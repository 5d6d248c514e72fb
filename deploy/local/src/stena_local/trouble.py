"""The one error of the deployment. It owns how a refusal speaks to an operator; it never carries a secret."""

from pathlib import Path


class DeploymentError(Exception):
    """Something on this machine is in the way. The message says what, and what to do about it."""


def last_lines(log: Path, count: int = 12) -> str:
    """The last lines of a log, indented, for a message; a log that is not there says so."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-count:]
    except OSError:
        return f"  (no log at {log})"
    return "\n".join(f"  {line}" for line in lines) or "  (the log is empty)"
