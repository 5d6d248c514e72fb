"""The drills: what the runbook says is done while callers call, or after a disk was lost, and what must hold is looked at."""

import json
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from stena_local.demo.upstreams import Client, Gateway, get

from .callers import ORGANISATION, Calls, calling, client, missing
from .docker import compose, containers, docker
from .page import do

URL: Final = os.environ["STENA_PUBLIC_URL"]
OWN: Final = "data-subject-access"
LOST, MOMENT, HEADS, VERIFY, DUMPS = range(5)
"""The blocks of the section `Restore`."""
PATIENCE: Final = 120.0
SERVICES: Final = ("nginx", "gateway", "policy-svc", "profile-svc", "matching-svc")


def say(text: str) -> None:
    print(f"{time.strftime('%X')} {text}", flush=True)


def require(condition: object, what: str) -> None:
    if not condition:
        raise SystemExit(f"runbook: {what}")


def until(condition: Callable[[], bool], what: str) -> float:
    """How many seconds it took."""
    begun = time.monotonic()
    while not condition():
        require(time.monotonic() - begun < PATIENCE, f"{what} did not come about within {PATIENCE:.0f} s")
        time.sleep(0.2)
    return time.monotonic() - begun


def all_healthy() -> bool:
    found = [each for service in SERVICES for each in containers(service)]
    shown = docker("inspect", "--format", "{{.State.Health.Status}}", *found)
    return len(found) >= len(SERVICES) and set(shown.split()) == {"healthy"}


def without_loss(what: str, work: Callable[[], object], caller: Client) -> None:
    """Do it while callers call, and require that each call was answered as it should be."""
    begun = time.monotonic()
    with calling(URL, caller) as calls:
        work()
    took = time.monotonic() - begun
    say(
        f"{what}: {calls.answered} calls answered in {took:.0f} s, {len(calls.lost)} lost, {len(calls.late)} told to come again"
    )
    require(calls.answered and not calls.lost + calls.late, "\n".join(["calls failed:", *(calls.lost + calls.late)[:20]]))


def activated_everywhere() -> float:
    """A rulebook that is activated at one replica decides at all; seconds until it did."""
    changed = "cp -r /rulebook /tmp/changed && printf '\\n# changed\\n' >>/tmp/changed/organisations.yaml"
    compose("exec", "-T", "policy-svc", "bash", "-c", f"{changed} && stena rulebook activate /tmp/changed")
    return until(lambda: len({_revision(each) for each in containers("policy-svc")}) == 1, "one rulebook at all replicas")


def _revision(container: str) -> str:
    ask = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8401/readyz').read().decode())"
    return str(json.loads(docker("exec", container, "python", "-c", ask))["rulebook"]["revision"])


def erased(caller: Client) -> str:
    """Somebody who was registered, and erased on their own wish; their id as it was."""
    with Gateway(URL) as gateway:
        person = str(Calls(URL, caller).create(gateway))
        own = client("self-service", "--person", person, "--known-to", ORGANISATION)
        wanted = ("--organisation", "self-service", "--purpose", OWN, "--known-to", ORGANISATION, "--json")
        named = json.loads(compose("exec", "-T", "gateway", "stena", "person-id", person, *wanted))["id"]
        gateway.expect("DELETE", f"/v1/persons/{named}", own, OWN)
    require(missing(URL, caller, [person]), "somebody who was erased is still read")
    return person


def disk_lost(caller: Client) -> None:
    """Load, back up, write more, bring the archive up to now, write on, erase somebody, lose the disk, restore."""
    with calling(URL, caller) as calls:
        do("Back up")
        time.sleep(3)
        end = time.time()
        do("Back up", -1)
        gone = erased(caller)
    kept = [person for person, at in calls.created.items() if at < end]
    require(not calls.lost and kept, "\n".join(["calls were lost:", *calls.lost[:20]]))
    say(f"backed up: of {len(calls.created)} people {len(kept)} were acknowledged before the end of the archive")
    restored("from backup and archive", lambda: do("Restore", LOST), caller, kept, gone)
    proves_itself()


def back_to_a_moment(caller: Client) -> None:
    """Behind the moment are somebody new, somebody erased and a backup; only who was erased is gone for good."""
    with Gateway(URL) as gateway:
        before, gone = str(Calls(URL, caller).create(gateway)), erased(caller)
        time.sleep(1)
        moment = time.strftime("%Y-%m-%d %H:%M:%S+00", time.gmtime())
        time.sleep(1)
        since = str(Calls(URL, caller).create(gateway))
    do("Back up", 0)
    restored(f"to {moment}", lambda: do("Restore", MOMENT, MOMENT=moment), caller, [before], gone)
    require(missing(URL, caller, [since]), "somebody is there who was registered after the moment")
    proves_itself()


def proves_itself() -> None:
    """The ledger of a restored database, with the heads that were kept and those made since."""
    do("Restore", HEADS)
    until(lambda: "heads" in compose("exec", "-T", "gateway", "ls", "/var/lib/stena/ledger"), "heads of the database")
    require(ready()["checks"]["ledger heads"], "heads of the ledger are not well")
    say(do("Restore", VERIFY).strip().splitlines()[-1])


def dumps_restored(caller: Client) -> None:
    """What was dumped comes back, and everybody who was there when it was; who was erased since does not."""
    with Gateway(URL) as gateway:
        before = str(Calls(URL, caller).create(gateway))
    do("Back up")
    gone = erased(caller)
    restored("from dumps", lambda: do("Restore", DUMPS), caller, [before], gone)
    looked = "SELECT last_analyze IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'persons'"
    known = compose("exec", "-T", "postgres", "psql", "-U", "postgres", "-d", "profile", "-XAtc", looked).strip()
    require(known == "t", "PostgreSQL knows nothing of how many people there are after a restore from dumps")


def restored(how: str, work: Callable[[], object], caller: Client, kept: Sequence[str], gone: str) -> None:
    begun = time.monotonic()
    work()
    until(all_healthy, "health after the restore")
    say(f"restored {how}: all healthy after {time.monotonic() - begun:.0f} s")
    lost = missing(URL, caller, kept)
    require(not lost, f"{len(lost)} of {len(kept)} who were acknowledged are not there")
    require(missing(URL, caller, [gone]), "somebody who was erased is back")


def ready() -> Any:
    return get(f"{URL}/readyz").body
