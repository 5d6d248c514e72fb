"""Folders that services keep things in: that they are there and can be written, and how much room their disks have."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from stena_local.doctor.finding import Finding, State, Told, judged

AREA: Final = "disk"
_WRITTEN: Final = {
    "GATEWAY_LEDGER_HEADS_DIR": "No heads of the ledger are kept outside the database: give it to who runs the gateway.",
    "POLICY_STATE_DIR": "Without it policy-svc does not start while its database is away: give it to who runs policy-svc.",
    "PROFILE_ERASURE_JOURNAL_DIR": "Nobody can be erased: give this folder to who runs profile-svc.",
}
_LEAST, _LITTLE = 512 * 2**20, 0.10  # bytes, a share of the disk


def check(told: Told, more: Sequence[Path]) -> Iterator[Finding]:
    """The folders of the settings, and the disks of those and of ``more``."""
    folders = {setting: Path(told[setting]) for setting in _WRITTEN if setting in told}
    for setting, folder in folders.items():
        yield judged(
            AREA,
            setting,
            "can be written" if _can_write(folder) else "missing, or cannot be written",
            broken=not _can_write(folder),
            mend=_WRITTEN[setting],
        )
    yield from _disks([*folders.values(), *more])


def _can_write(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _disks(folders: Sequence[Path]) -> Iterator[Finding]:
    """Each disk once, by the first folder on it."""
    known = set[int]()
    for folder in folders:
        try:
            disk = folder.stat().st_dev
            if disk in known:
                continue
            known.add(disk)
            room = shutil.disk_usage(folder)
        except OSError as error:
            yield Finding(AREA, str(folder), State.BROKEN, str(error.strerror), "Mount it, or name the right folder.")
            continue
        yield judged(
            AREA,
            f"the disk of {folder}",
            f"{room.free / 2**30:.1f} GiB of {room.total / 2**30:.1f} GiB are free",
            broken=room.free < _LEAST,
            soon=room.free < room.total * _LITTLE,
            mend="Make room or give it a larger disk: when it is full, nothing is disclosed any more.",
        )
