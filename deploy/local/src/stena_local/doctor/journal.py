"""The journal of erasures: whole, by its key, and followed by the databases that are known here. Never writes it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from stena import keys
from stena.erasure_journal import NAME, Journal, JournalError
from stena.keys import KeyFileError
from stena_local.doctor.finding import Finding, State, Told, judged, well

AREA: Final = "erasures"


def check(told: Told, followed: Mapping[str, int]) -> Iterator[Finding]:
    """``followed``: how far databases say that they have followed it."""
    for service in ("PROFILE", "GATEWAY"):
        folder, key = told.get(f"{service}_ERASURE_JOURNAL_DIR"), told.get(f"{service}_JOURNAL_KEY_FILE")
        if folder and key:
            yield from _journal(Path(folder), Path(key), followed)
            return


def _journal(folder: Path, key: Path, followed: Mapping[str, int]) -> Iterator[Finding]:
    try:
        journal = Journal(folder, keys.secret(key))
        journal.read()
    except (JournalError, KeyFileError) as error:
        yield Finding(AREA, NAME, State.BROKEN, str(error), "Put the newest copy of the journal there, and its key.")
        return
    last = journal.last.number
    if not journal.path.exists():
        mend = f"Put the journal of these databases into {folder}."
        yield judged(AREA, NAME, "not there", broken=any(mark >= 0 for mark in followed.values()), soon=True, mend=mend)
        return
    yield well(AREA, NAME, f"whole, up to line {last}")
    for database, mark in followed.items():
        yield judged(
            AREA,
            f"followed by {database}",
            f"up to line {mark} of {last}",
            broken=mark > last,
            soon=mark < last,
            mend="The journal is an older copy: put the newest one there."
            if mark > last
            else "profile-svc follows within seconds; if this stays, look at its log.",
        )
