"""`stena doctor` inside the containers: all is well, and what is broken on purpose it names."""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from stena_local.tls_files import GOOD_FOR, make_tls

from .docker import DOCKER, compose, containers, docker
from .drills import all_healthy, require, say, until
from .renewing import FOLDER, put

SERVICES: Final = ("gateway", "policy-svc", "profile-svc", "matching-svc")
LEDGER_KEYS: Final = FOLDER.parent / "ledger-keys"
DAYS_LEFT: Final = 7


@dataclass(frozen=True)
class Break:
    """``found`` is what the doctor of ``service`` says while it is broken."""

    what: str
    service: str
    unmake: Callable[[], object]
    mend: Callable[[], object]
    found: str

    def is_named(self) -> bool:
        found = [each for each in examined(self.service) if self.found in each["found"]]
        return any(each["state"] != "well" and each["mend"] for each in found)

    def is_well_again(self) -> bool:
        return not self.is_named()


def names_what_is_broken() -> None:
    seen = [each for service in SERVICES for each in examined(service)]
    broken = [each for each in seen if each["state"] == "broken"]
    require(not broken, f"a doctor finds what nobody broke: {broken}")
    say(f"the doctors of {len(SERVICES)} services looked at {len(seen)} things and found all well")
    with certificates() as (old, ending):
        tried = [*breaks(), Break("a certificate near its end", "gateway", lambda: show(ending), lambda: show(old), last_day())]
        for each in tried:
            each.unmake()
            until(each.is_named, f"that {each.what} is named")
            each.mend()
            until(each.is_well_again, f"that {each.what} is well again")
    say(f"broken on purpose and named: {', '.join(each.what for each in tried)}")


def breaks() -> list[Break]:
    key = next(file for file in LEDGER_KEYS.iterdir() if file.name.isdecimal())
    replicas = containers("matching-svc")
    return [
        Break(
            "a key that others may read", "gateway", lambda: key.chmod(0o604), lambda: key.chmod(0o600), "open to other users"
        ),
        Break(
            "a ledger that can be changed",
            "gateway",
            lambda: sql("gateway", "GRANT DELETE ON ledger TO gateway_app"),
            lambda: sql("gateway", "REVOKE DELETE ON ledger FROM gateway_app"),
            "can be changed in ledger",
        ),
        Break(
            "a database of another release",
            "policy-svc",
            lambda: sql(
                "policy", "CREATE TABLE kept AS TABLE alembic_version; UPDATE alembic_version SET version_num = '0000'"
            ),
            lambda: sql("policy", "UPDATE alembic_version SET version_num = kept.version_num FROM kept; DROP TABLE kept"),
            "at 0000, wanted is",
        ),
        Break("an archive that is full", "gateway", lambda: archive("0500"), lambda: archive("0700"), "archiving fails"),
        Break(
            "a service that is away",
            "gateway",
            lambda: docker("stop", *replicas),
            lambda: (docker("start", *replicas), until(all_healthy, "health of a service that was stopped")),
            "matching-svc is not known",
        ),
    ]


@contextmanager
def certificates() -> Iterator[tuple[Path, Path]]:
    """The one that is shown, put aside, and one that is near its end."""
    with tempfile.TemporaryDirectory() as folder:
        old, ending = Path(folder) / "old", Path(folder) / "ending"
        make_tls(ending, "localhost", datetime.now(UTC) - GOOD_FOR + timedelta(days=DAYS_LEFT, hours=1))
        old.mkdir()
        for file in FOLDER.iterdir():
            (old / file.name).write_bytes(file.read_bytes())
        yield old, ending


def last_day() -> str:
    return f"until {datetime.now(UTC) + timedelta(days=DAYS_LEFT, hours=1):%Y-%m-%d}"


def show(certificate: Path) -> None:
    put(certificate)
    compose("kill", "-s", "HUP", "nginx")


def sql(database: str, statement: str) -> str:
    """As PostgreSQL's administrator."""
    ask = f'PGPASSWORD=$(cat /run/secrets/postgres) psql -X -q -h 127.0.0.1 -U postgres -d {database} -c "{statement}"'
    return compose("exec", "-T", "postgres", "bash", "-c", ask)


def archive(mode: str) -> None:
    """Let something be archived while its folder is of this mode."""
    compose("exec", "-T", "postgres", "chmod", mode, "/backup/wal")
    sql("postgres", "SELECT pg_create_restore_point('here'); SELECT pg_switch_wal()")


def examined(service: str) -> list[dict[str, Any]]:
    """Its findings; it ends with 1 exactly if one of them is broken."""
    command = [DOCKER, "compose", "exec", "-T", service, "stena", "doctor", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    require(done.stdout.startswith("["), f"the doctor of {service} says nothing: {done.stdout}{done.stderr}")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    require(done.returncode == any(each["state"] == "broken" for each in found), f"it ended with {done.returncode}: {found}")
    return found
