"""The last revision that decided here, on disk: what a restart serves while the database does not answer.

It is read by name and hash: a file that was damaged or changed is as good as none.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

import orjson
import structlog

from policy_svc.faults import RulebookError
from policy_svc.loading import parse, revision_of
from policy_svc.rulebook import Rulebook

log = structlog.get_logger()


def keep(folder: Path, rulebook: Rulebook) -> None:
    """Replace what is kept in one step, so that a crash leaves either the one or the other. Replicas may share a folder."""
    new = folder / f".rulebook.json.{secrets.token_hex(4)}"
    content = orjson.dumps({"revision": rulebook.revision, "files": dict(rulebook.files)})
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(_file(folder))
    except OSError as error:
        log.warning("the active rulebook cannot be kept on disk", folder=str(folder), cause=error.strerror)
        with suppress(OSError):
            new.unlink(missing_ok=True)


def kept(folder: Path) -> Rulebook | None:
    """``None`` where there is none, or none that still is what it was."""
    try:
        content = orjson.loads(_file(folder).read_bytes())
        if revision_of(content["files"]) != content["revision"]:
            raise ValueError("changed since it was kept")
        return parse(content["files"])[0]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, RulebookError) as error:
        log.error("the rulebook kept on disk cannot be used", folder=str(folder), kind=type(error).__name__)
        return None


def _file(folder: Path) -> Path:
    return folder / "rulebook.json"
