"""What was seen of a database, judged: a finding for each thing that must be so. Asks nobody anything."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from stena_local.doctor.finding import Finding, State, judged, well

AREA: Final = "database"
LEAST: Final = 150000
AHEAD: Final = (1.0, 10.0)  # seconds that are worth a look, and those in which grants and tokens no longer hold
HEAD_LATE: Final = timedelta(minutes=5)
APPEND_ONLY: Final = {
    "gateway": ("ledger", "ledger_people", "ledger_leaves", "ledger_nodes", "ledger_heads", "ledger_keys"),
    "policy": ("rulebook_revisions", "rulebook_activations"),
}
"""Tables, with their partitions, that who serves may add to and never change."""


SETTINGS: Final = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "server_encoding": "UTF8",
}
"""So that what was committed stays, and no stored value is in a log."""


@dataclass(frozen=True)
class Silent:
    """A database that could not be looked at."""

    name: str
    why: str


@dataclass(frozen=True)
class Seen:
    """One database. ``ahead`` is by how many seconds its clock is before ours."""

    name: str
    ahead: float
    server: Any
    role: Any
    rights: Sequence[Any]
    revisions: frozenset[str]
    mark: int | None = None
    active: str | None = None
    months: frozenset[str] = frozenset()
    head_at: datetime | None = None


def judge(seen: Seen | Silent, wanted: frozenset[str] | None) -> Iterator[Finding]:
    """``wanted``: the newest revision of the migrations, where they are installed here."""
    if isinstance(seen, Silent):
        mend = "Is PostgreSQL there, is the password the right one, and has `stena migrate` run? See its log."
        yield Finding(AREA, seen.name, State.BROKEN, seen.why, mend)
        return
    yield from _server(seen)
    yield from _role(seen)
    if seen.name in APPEND_ONLY:
        yield _unchangeable(seen, APPEND_ONLY[seen.name])
    if wanted is not None:
        yield _migrated(seen, wanted)
    if seen.name == "gateway":
        yield from _ledger(seen, datetime.now(UTC))


def _server(seen: Seen) -> Iterator[Finding]:
    server, soon = seen.server, AHEAD[0]
    yield judged(
        AREA,
        f"{seen.name}: PostgreSQL",
        f"{server.version}, {server.connections} of {server.most} connections",
        broken=server.number < LEAST,
        soon=server.connections > 0.8 * server.most,
        mend="At least PostgreSQL 15 is needed, and more connections than 20 for each instance of a service.",
    )
    yield judged(
        "clocks",
        f"database {seen.name}",
        f"{seen.ahead:+.2f} s from here",
        broken=abs(seen.ahead) > AHEAD[1],
        soon=abs(seen.ahead) > soon,
        mend="Let all machines follow the same time servers (NTP): grants live for 60 seconds.",
    )
    wrong = {name: server.settings.get(name) for name, value in SETTINGS.items() if server.settings.get(name) != value}
    yield judged(
        AREA,
        f"{seen.name}: settings",
        ", ".join(f"{name} = {value}" for name, value in wrong.items()) or "durable, and no value in its log",
        broken=bool(wrong),
        mend=f"Set {', '.join(f'{name} = {SETTINGS[name]}' for name in wrong)}.",
    )
    yield _archive(seen)


def _archive(seen: Seen) -> Finding:
    server = seen.server
    stuck = server.failed is not None and (server.archived is None or server.failed > server.archived)
    found = f"archived {server.archived:%Y-%m-%d %H:%M} UTC" if server.archived else "nothing archived yet"
    return judged(
        "backup",
        f"{seen.name}: archive",
        "archiving fails" if stuck else found if server.archives else "not archived: only dumps can be restored",
        broken=stuck,
        mend="Look at archive_command and the folder of backups: until then PostgreSQL keeps everything on its own disk.",
    )


def _role(seen: Seen) -> Iterator[Finding]:
    role = seen.role
    may = {
        "administer the server": role.mighty,
        "become another role": role.member,
        "make tables": role.creates,
        "change tables, which it owns": role.owns,
        f"reach {', '.join(role.elsewhere)}": bool(role.elsewhere),
        "empty tables": any(table.truncates for table in seen.rights),
    }
    too_much = [what for what, can in may.items() if can]
    yield judged(
        "roles",
        f"{role.name} in {seen.name}",
        f"may {', '.join(too_much)}" if too_much else "may what it needs and no more",
        broken=bool(too_much),
        mend="A service must be neither owner nor administrator. Take the right away, and look at who has had the password.",
    )


def _unchangeable(seen: Seen, kept: Sequence[str]) -> Finding:
    opened = [table.name for table in seen.rights if table.changes and _is_one_of(table.name, kept)]
    return judged(
        "roles",
        f"{seen.name}: what was written",
        f"can be changed in {', '.join(opened)}" if opened else "cannot be changed",
        broken=bool(opened),
        mend=f"REVOKE UPDATE, DELETE ON {', '.join(opened)} FROM {seen.role.name}; and run `stena ledger verify`.",
    )


def _is_one_of(table: str, kept: Sequence[str]) -> bool:
    """One of ``kept``, or a partition of one by its month or for the rest."""
    return re.sub(r"_(\d{4}_\d{2}|rest)$", "", table) in kept


def _migrated(seen: Seen, wanted: frozenset[str]) -> Finding:
    return judged(
        AREA,
        f"{seen.name}: migrations",
        f"at {_named(seen.revisions)}" + ("" if seen.revisions == wanted else f", wanted is {_named(wanted)}"),
        broken=seen.revisions != wanted,
        mend="Run `stena migrate` of the release that runs here, or start the release that this database is of.",
    )


def _named(revisions: frozenset[str]) -> str:
    return ", ".join(sorted(revisions)) or "none"


def _ledger(seen: Seen, now: datetime) -> Iterator[Finding]:
    ahead = _months_ahead(seen.months, now)
    yield judged(
        "ledger",
        "months",
        f"{ahead} ahead, this one included",
        broken=ahead == 0,
        soon=ahead < 2,
        mend="Make more, as the database's owner: `stena ledger partitions --months 24`.",
    )
    if seen.head_at is None:
        yield well("ledger", "heads", "none yet: nothing was ever recorded")
        return
    age = now - seen.head_at
    yield judged(
        "ledger",
        "heads",
        f"the newest is {age.total_seconds():.0f} s old",
        broken=age > HEAD_LATE,
        mend="No gateway signs heads: look at `/readyz` and the log of each for `ledger heads`.",
    )


def _months_ahead(months: frozenset[str], now: datetime) -> int:
    count, year, month = 0, now.year, now.month
    while f"{year:04}_{month:02}" in months:
        count, year, month = count + 1, year + month // 12, month % 12 + 1
    return count
