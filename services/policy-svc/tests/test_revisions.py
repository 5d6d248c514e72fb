"""Revisions on a real PostgreSQL: replicas that follow, a history that stays, and nothing that widens by accident."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from policy_svc import commands, following
from policy_svc.loading import parse, revision_of
from policy_svc.main import create_app
from policy_svc.revisions import before
from policy_svc.settings import PolicySettings
from policy_svc.store.archive import Activation
from policy_svc.store.listening import Ear
from stena import grants
from stena.contracts.access import Evaluation, Grant
from stena.contracts.catalogue import Catalogue
from stena.database import create_engine
from stena.migrations import upgrade

Files = dict[str, str]
NOWHERE = "postgresql://policy_app:x@127.0.0.1:1/policy"


@dataclass
class Replica:
    app: FastAPI
    http: httpx.AsyncClient
    known: dict[str, str]
    administrator: dict[str, str]
    second: dict[str, str]

    async def discloses(self) -> set[str]:
        """What the rulebook that decides at this moment shows to counsellors, whatever the condition."""
        answer = await self.http.get("/rulebook/organisations/lantern/promises", headers=self.known)
        assert answer.status_code == 200, answer.text
        return set(answer.json()["promises"][0]["disclose"])

    async def evaluate(self, question: Evaluation) -> httpx.Response:
        return await self.http.post("/access/v1/evaluation", json=question.model_dump(), headers=self.known)

    async def revision(self) -> str:
        return str((await self.http.get("/rulebook")).json()["revision"])

    async def load(self, files: Files) -> str:
        answer = await self.http.post("/rulebook/revisions", json={"files": files}, headers=self.administrator)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["revision"])

    async def activate(self, revision: str, **wish: Any) -> httpx.Response:
        return await self.http.post(f"/rulebook/revisions/{revision}/activation", json=wish, headers=self.by(wish))

    async def roll_back(self, **wish: Any) -> httpx.Response:
        return await self.http.post("/rulebook/rollback", json=wish, headers=self.by(wish))

    def by(self, wish: dict[str, Any]) -> dict[str, str]:
        """What opens is said by two."""
        return self.administrator | (self.second if wish.get("widen") else {})

    async def history(self) -> Any:
        return (await self.http.get("/rulebook/revisions", headers=self.administrator)).json()["activations"]


Start = Callable[..., AbstractAsyncContextManager[Replica]]


@pytest.fixture
def own(settings: PolicySettings, postgres: Any, tmp_path: Path) -> PolicySettings:
    """Settings with a database of its own, and a folder that keeps the last revision."""
    database = postgres.database("policy")
    upgrade(database.owner_url, commands.migrations())
    url = database.app_url.render_as_string(hide_password=False)
    return settings.model_copy(update={"database_url": url, "state_dir": tmp_path})


@pytest.fixture
def start(own: PolicySettings, known: dict[str, str], administrator: dict[str, str], second: dict[str, str]) -> Start:
    @asynccontextmanager
    async def running(**changed: Any) -> AsyncIterator[Replica]:
        app = create_app(own.model_copy(update=changed))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://policy") as http:
            yield Replica(app, http, known, administrator, second)

    return running


@pytest.fixture
def narrower(files: Files) -> Files:
    """Counsellors no longer see skills."""
    return edited(files, "values: [skills, town]", "values: [town]", "disclosed: [skills, town,", "disclosed: [town,")


def edited(files: Files, *changes: str) -> Files:
    """``files`` with each first text replaced by the second, wherever it stands."""
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert any(old in content for content in files.values())
        files = {name: content.replace(old, new) for name, content in files.items()}
    return files


def written(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


async def until(condition: Callable[[], Awaitable[object]], within: float = 2.0) -> float:
    """Seconds until ``condition`` held."""
    begun = time.monotonic()
    while not await condition():
        assert time.monotonic() - begun < within, f"not within {within} s"
        await asyncio.sleep(0.005)
    return time.monotonic() - begun


async def test_an_empty_database_begins_with_the_folder_and_stays_with_it(start: Start, files: Files) -> None:
    async with start() as first, start() as second:
        assert await first.revision() == await second.revision() == revision_of(files)
        (only,) = await first.history()
        assert (only["revision"], only["by"], only["widened"]) == (revision_of(files), "first start", False)
        assert (await first.http.get("/readyz")).json() == {
            "status": "ready",
            "checks": {"rulebook": True, "database": True},
            "rulebook": {"revision": revision_of(files), "read_only": False},
        }


async def test_an_activation_reaches_every_replica_within_a_second(start: Start, narrower: Files) -> None:
    async with start() as here, start() as there:
        assert "skills" in await there.discloses()
        narrow = await here.load(narrower)
        made = await here.activate(narrow, comment="as decided in June")
        assert made.status_code == 200, made.text
        assert await here.revision() == narrow, "the replica that was asked follows before it answers"

        async def followed() -> bool:
            return "skills" not in await there.discloses()

        assert await until(followed) < 1
        assert await there.revision() == narrow
        assert [each["by"] for each in await there.history()] == ["privacy officer", "first start"]


async def test_a_replica_that_hears_nothing_follows_all_the_same(
    start: Start, narrower: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(_: Ear) -> None: ...

    monkeypatch.setattr(Ear, "open", deaf)
    async with start() as here, start() as there:
        narrow = await here.load(narrower)
        await here.activate(narrow)

        async def followed() -> bool:
            return await there.revision() == narrow

        assert await until(followed) < 1


async def test_a_replica_hears_at_once(
    start: Start, own: PolicySettings, narrower: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after its connection was cut: by looking only once a minute it would not learn of this."""
    async with start() as here, start() as there:
        await cut_all_connections(own)
        await until(partial(both_listen, own), within=10)
        monkeypatch.setattr(following, "LOOK_EVERY", 60)
        await asyncio.sleep(0.6)
        await here.activate(await here.load(narrower))

        async def followed() -> bool:
            return "skills" not in await there.discloses()

        assert await until(followed) < 1


async def cut_all_connections(own: PolicySettings) -> None:
    engine = create_engine(own.database)
    async with engine.connect() as connection:
        cut = await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        assert len(cut.all()) >= 2
    await engine.dispose()


async def both_listen(own: PolicySettings) -> bool:
    """How soon they do is theirs: the pool may hand them what was cut, and then they try again."""
    engine = create_engine(own.database)
    async with engine.connect() as connection:
        found = await connection.execute(
            text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'")
        )
        listening = len(found.all())
    await engine.dispose()
    return listening == 2


async def test_what_opens_a_cell_wants_a_word(start: Start, files: Files, narrower: Files) -> None:
    async with start() as replica:
        await replica.activate(await replica.load(narrower))
        refused = await replica.activate(revision_of(files))
        assert refused.status_code == 409
        assert refused.json()["type"] == "/problems/rulebook-opens"
        assert any("lantern" in cell and "skills" in cell for cell in refused.json()["cells"]), refused.json()
        assert "skills" not in await replica.discloses()
        assert (await replica.activate(revision_of(files), widen=True)).json()["widened"] is True
        assert "skills" in await replica.discloses()
        assert [each["widened"] for each in await replica.history()] == [True, False, False]


async def test_a_word_for_what_opens_nothing_is_not_noted(start: Start, narrower: Files) -> None:
    async with start() as replica:
        assert (await replica.activate(await replica.load(narrower), widen=True)).json()["widened"] is False


async def test_a_rollback_goes_back_step_by_step(start: Start, files: Files, narrower: Files) -> None:
    of_minors = "values: [town]}, $.record.minor: {condition: IsIn, values: [true]}"
    narrowest = edited(narrower, "values: [town]}", of_minors, "disclosed: [town,", "disclosed: [")
    async with start() as replica:
        for step in (narrower, narrowest):
            assert (await replica.activate(await replica.load(step))).status_code == 200
        assert (await replica.roll_back()).status_code == 409, "going back opens what was closed"
        for step in (narrower, files):
            assert (await replica.roll_back(widen=True)).status_code == 200
            assert await replica.revision() == revision_of(step)
        nothing = await replica.roll_back(widen=True)
        assert (nothing.status_code, nothing.json()["type"]) == (409, "/problems/nothing-before")
        assert [each["returns_to"] for each in await replica.history()] == [1, 2, None, None, None]


def test_a_rollback_after_a_rollback_and_a_new_revision() -> None:
    def activation(number: int, revision: str, returns_to: int | None = None) -> Activation:
        return Activation(number, datetime.now(UTC), revision, "somebody", False, None, returns_to)

    history = (activation(1, "a"), activation(2, "b"), activation(3, "c"), activation(4, "b", 2), activation(5, "d"))

    def returned(upto: int) -> int | None:
        found = before(tuple(reversed(history[:upto])))
        return found.number if found else None

    assert [returned(upto) for upto in range(6)] == [None, None, 1, 2, 1, 2]


async def test_a_broken_rulebook_is_refused_with_its_place_and_changes_nothing(start: Start, files: Files) -> None:
    async with start() as replica:
        for wrong, place in (
            (edited(files, "values: [identity, skills]", "values: [identity, skils]"), ("rules/counselling.yaml", 25)),
            (edited(files, "disclosed: [skills, town,", "disclosed: [town,"), ("tests/counselling.yaml", 1)),
            ({**files, "../../etc/passwd": ""}, ("../../etc/passwd", 0)),
            ({name: content for name, content in files.items() if name != "purposes.yaml"}, ("purposes.yaml", 0)),
        ):
            answer = await replica.http.post("/rulebook/revisions", json={"files": wrong}, headers=replica.administrator)
            assert answer.status_code == 400
            assert [(fault["file"], fault["line"]) for fault in answer.json()["errors"]] == [place]
        assert await replica.revision() == revision_of(files)
        assert len(await replica.history()) == 1


async def test_a_revision_that_cannot_be_read_never_replaces_the_one_that_decides(
    start: Start, files: Files, own: PolicySettings
) -> None:
    """As a newer version of policy-svc might store one."""
    async with start() as replica:
        await insert(own, "sha256:of-the-future", {"rulebook.yaml": "format: 7"})
        await asyncio.sleep(1)
        assert await replica.revision() == revision_of(files)
        ready = await replica.http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        assert (await replica.roll_back()).status_code == 409, "what it opened cannot be known"
        assert (await replica.roll_back(widen=True)).status_code == 200
        assert (await replica.http.get("/readyz")).json()["status"] == "ready"


async def insert(own: PolicySettings, revision: str, files: Files) -> None:
    """A revision and its activation, past everything that checks them."""
    engine = create_engine(own.database)
    async with engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO rulebook_revisions VALUES (:revision, CAST(:files AS jsonb), now())"),
            {"revision": revision, "files": json.dumps(files)},
        )
        await connection.execute(
            text(
                "INSERT INTO rulebook_activations (sha256, activated_at, activated_by, widened)"
                " VALUES (:revision, now(), 'test', false)"
            ),
            {"revision": revision},
        )
    await engine.dispose()


async def test_a_call_finishes_under_the_revision_it_began_with(
    start: Start, narrower: Files, ask: Callable[..., Evaluation]
) -> None:
    async with start() as replica:
        before_it = await replica.revision()
        point = replica.app.state.serving.point()
        await replica.activate(await replica.load(narrower))
        assert point.evaluate(ask()).context.rulebook == before_it
        assert (await replica.evaluate(ask())).json()["context"]["rulebook"] != before_it


async def test_the_revision_of_a_grant_can_be_had_for_a_while(start: Start, narrower: Files) -> None:
    async with start() as here, start() as there:
        first = await here.revision()
        narrow = await here.load(narrower)
        await here.activate(narrow)
        for revision in (narrow, first):
            # Also from a replica that may not have heard of it yet.
            answer = await there.http.get(f"/rulebook/{revision}")
            assert Catalogue.model_validate_json(answer.content).revision == revision
        assert (await there.http.get("/rulebook/sha256:nothing")).status_code == 404


async def test_the_catalogue_is_sent_once_to_who_has_it(start: Start) -> None:
    async with start() as replica:
        etag = (await replica.http.get("/rulebook")).headers["etag"]
        again = await replica.http.get("/rulebook", headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")


async def test_without_its_database_it_serves_what_decided_last_and_says_so(
    start: Start, files: Files, narrower: Files, ask: Callable[..., Evaluation]
) -> None:
    async with start() as replica:
        narrow = await replica.load(narrower)
        await replica.activate(narrow)
    async with start(database_url=NOWHERE) as alone:
        assert (await alone.evaluate(ask())).json()["decision"] is True
        assert "skills" not in await alone.discloses(), "the folder is wider than what decided last"
        ready = await alone.http.get("/readyz")
        assert ready.status_code == 200
        assert ready.json() == {
            "status": "degraded",
            "checks": {"rulebook": True, "database": False},
            "rulebook": {"revision": narrow, "read_only": True},
        }
        assert (await alone.activate(revision_of(files), widen=True)).status_code == 503
        assert await alone.revision() == narrow


@pytest.mark.parametrize("damage", ["", "{}", "skills"])
async def test_without_database_and_memory_nothing_is_decided(
    start: Start, own: PolicySettings, ask: Callable[..., Evaluation], damage: str
) -> None:
    """The folder may be wider than what decided last: no answer is better."""
    async with start():
        pass
    assert own.state_dir
    kept = own.state_dir / "rulebook.json"
    kept.write_text(kept.read_text().replace("skills", "towns") if damage == "skills" else damage)
    async with start(database_url=NOWHERE) as alone:
        assert (await alone.evaluate(ask())).status_code == 503
        ready = await alone.http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "not ready")


async def test_a_folder_that_differs_is_told_and_not_followed(
    start: Start, files: Files, narrower: Files, tmp_path: Path
) -> None:
    folder = written(tmp_path / "changed rulebook", narrower)
    async with start():
        pass
    async with start(rulebook_dir=folder) as replica:
        assert await replica.revision() == revision_of(files)
        assert (await replica.http.get("/readyz")).json()["rulebook"]["offered"] == {
            "folder": str(folder),
            "revision": revision_of(narrower),
            "activate": f"stena rulebook activate '{folder}'",
        }


async def test_a_broken_folder_does_not_keep_a_working_revision_from_deciding(
    start: Start, files: Files, tmp_path: Path
) -> None:
    folder = written(tmp_path / "broken", edited(files, "values: [identity, skills]", "values: [identity, skils]"))
    async with start():
        pass
    async with start(rulebook_dir=folder) as replica:
        assert await replica.revision() == revision_of(files)


async def test_only_administrators_change_anything(start: Start, files: Files, known: dict[str, str]) -> None:
    async with start() as replica:
        calls = (
            ("GET", "/rulebook/revisions"),
            ("POST", "/rulebook/revisions"),
            ("GET", f"/rulebook/revisions/{revision_of(files)}"),
            ("POST", f"/rulebook/revisions/{revision_of(files)}/activation"),
            ("POST", "/rulebook/rollback"),
        )
        for method, path in calls:
            for headers in ({}, known, {"Authorization": "Bearer nobody's"}):
                answer = await replica.http.request(method, path, headers=headers)
                assert answer.status_code == 401, path
                assert answer.headers["www-authenticate"].startswith("Bearer")
        asked = await replica.http.post("/access/v1/evaluation", json={}, headers=replica.administrator)
        assert asked.status_code == 401, "an administrator is no enforcement point"
    async with start(administrators_file=None) as replica:
        assert (await replica.http.get("/rulebook/revisions", headers=replica.administrator)).status_code == 401


async def test_nobody_opens_anything_alone(start: Start, files: Files, narrower: Files) -> None:
    async with start() as replica:
        narrow, wide = await replica.load(narrower), revision_of(files)
        assert (await replica.activate(narrow)).status_code == 200, "what narrows wants nobody else"
        path = f"/rulebook/revisions/{wide}/activation"
        own_key = {"Confirmed-By": replica.administrator["Authorization"].removeprefix("Bearer ")}
        for confirmed, status in (({}, 403), ({"Confirmed-By": "nobody's"}, 401), (own_key, 401)):
            answer = await replica.http.post(path, json={"widen": True}, headers=replica.administrator | confirmed)
            assert (answer.status_code, await replica.revision()) == (status, narrow), answer.text
        opened = await replica.activate(wide, widen=True)
        assert (opened.status_code, opened.json()["by"]) == (200, "privacy officer, confirmed by operator")


def granted(app: FastAPI, operation: str, **changed: Any) -> dict[str, str]:
    """The header that the gateway sends for somebody who may do this."""
    now, point = int(time.time()), app.state.decider()
    told = {"iss": grants.ISSUER, "aud": "policy-svc", "iat": now, "exp": now + 60, "jti": "dec_x", "purpose": "administration"}
    told |= {"organisation": "town", "acting_user": "Petrova", "operation": operation, "resource": "rulebook", "rows": True}
    grant = Grant.model_validate(
        told | {"rulebook": point.rulebook.revision, "disclose": {}, "withhold": {}, "write": {}} | changed
    )
    return {"Authorization": f"Bearer {grants.sign(grant, point.key)}"}


async def test_a_grant_does_what_it_was_made_for_and_nothing_else(start: Start, files: Files, narrower: Files) -> None:
    async with start() as replica:
        app, http, wide = replica.app, replica.http, revision_of(files)
        loaded = await http.post("/rulebook/revisions", json={"files": narrower}, headers=granted(app, "load"))
        narrow = loaded.json()["revision"]
        there, here = (f"/rulebook/revisions/{each}/activation" for each in (narrow, wide))
        for operation, changed in (
            ("load", {}),
            ("read", {}),
            ("activate", {"aud": "gateway"}),
            ("activate", {"resource": "client"}),
            ("activate", {"rows": {"op": "is_in", "fact": "created_by", "values": ["town"]}}),
        ):
            answer = await http.post(there, json={}, headers=granted(app, operation, **changed))
            assert (answer.status_code, answer.json()["type"]) == (401, "/problems/grant-refused"), operation
        made = await http.post(there, json={}, headers=granted(app, "activate"))
        assert (made.status_code, made.json()["by"]) == (200, "town: Petrova")
        refused = await http.post(here, json={"widen": True}, headers=granted(app, "activate"))
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/second-person-needed")
        late = {"widen": True, "instead_of": wide}
        assert (await http.post(here, json=late, headers=granted(app, "confirm"))).status_code == 409, "of another that decided"
        wish = {"widen": True, "instead_of": narrow, "proposed_by": "town: Ivanova"}
        opened = await http.post(here, json=wish, headers=granted(app, "confirm"))
        assert (opened.status_code, opened.json()["by"]) == (200, "town: Ivanova, confirmed by town: Petrova")
        assert (await http.get("/rulebook/revisions", headers=granted(app, "read"))).status_code == 200
        assert (await http.post("/rulebook/rollback", json={}, headers=granted(app, "confirm"))).status_code == 401


async def test_a_misspelt_wish_is_refused(start: Start, files: Files) -> None:
    async with start() as replica:
        bodies: tuple[Any, ...] = ({"wide": True}, {"widen": "maybe"}, [], "text")
        for body in bodies:
            answer = await replica.http.post("/rulebook/rollback", json=body, headers=replica.administrator)
            assert answer.status_code == 400
        assert (await replica.activate("sha256:nothing")).status_code == 404


async def test_history_and_revisions_can_be_read_and_not_rewritten(start: Start, own: PolicySettings, files: Files) -> None:
    async with start() as replica:
        answer = await replica.http.get(f"/rulebook/revisions/{revision_of(files)}", headers=replica.administrator)
        assert parse(answer.json()["files"])[0].revision == revision_of(files)
    engine = create_engine(own.database)
    for statement in (
        "DELETE FROM rulebook_revisions",
        "UPDATE rulebook_revisions SET content = '{}'",
        "DELETE FROM rulebook_activations",
        "UPDATE rulebook_activations SET activated_by = 'nobody'",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with engine.begin() as connection:
                await connection.execute(text(statement))
    await engine.dispose()
