"""The master key: renewed while people are read, refused at start when it is not the right one or one is missing."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY

from profile_svc import renewing
from profile_svc.sealing import CannotOpen
from profile_svc.store import renewal
from profile_svc.store.keys import WrongMasterKey
from profile_svc.store.vault import open_vault
from stena import keys
from stena.contracts.catalogue import Catalogue
from stena.keys import KeyFileError
from stena_local.testing import free_port

from .people import OLENA
from .source import Place, Service


async def register(service: Service, number: int) -> list[str]:
    return [str((await service.register(OLENA))["id"]) for _ in range(number)]


async def renew(service: Service) -> None:
    await renewing.renew(service.vault.person_keys, service.settings.master_keys_dir, lambda number: None, rest=0)


async def wrapped_by(service: Service) -> dict[str, int]:
    return await renewal.count(service.vault.person_keys)


async def test_everybody_is_read_while_the_master_key_is_renewed_and_the_old_one_is_needed_no_more(
    place: Place, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewing, "BATCH", 2)
    async with place.serving(catalogue) as service:
        people = await register(service, 7)
        before = service.vault.person_keys.masters.making.id

        async def reading() -> int:
            for number in range(30):
                await service.read(people[number % 7])
                if number % 10 == 0:
                    people.extend(await register(service, 1))
            return 30

        read, _ = await asyncio.gather(reading(), renew(service))
        assert read == 30
        assert set(await wrapped_by(service)) - {before}
        assert before not in await wrapped_by(service)
    (place.folder / "masters" / "1").unlink()
    async with place.serving(catalogue) as service:
        for person in people:
            assert (await service.read(person))["attributes"]["given_name"] == OLENA["given_name"]


@pytest.mark.parametrize("dies_after", [0, 1, 2])
async def test_a_renewal_that_was_killed_goes_on_where_it_was(
    place: Place, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, dies_after: int
) -> None:
    """Killed before the first batch, in the middle, and before the end was noted."""
    monkeypatch.setattr(renewing, "BATCH", 2)
    async with place.serving(catalogue) as service:
        people = await register(service, 4)
        whole, batches = renewal.wrap_anew, 0

        async def dying(*arguments: Any) -> renewal.Batch:
            nonlocal batches
            if batches == dies_after:
                raise KeyboardInterrupt
            batches += 1
            return await whole(*arguments)

        monkeypatch.setattr(renewal, "wrap_anew", dying)
        with pytest.raises(KeyboardInterrupt):
            await renew(service)
        monkeypatch.setattr(renewal, "wrap_anew", whole)
        for person in people:
            await service.read(person)
    new = place.folder / "masters" / "2"
    away = new.rename(place.folder / "away")
    with pytest.raises(WrongMasterKey, match="lacks 1 of the 2"):
        async with place.serving(catalogue):
            pytest.fail("it serves without the new key")
    away.rename(new)
    async with place.serving(catalogue) as service:
        await renew(service)
        assert list((await wrapped_by(service)).values()) == [4]
    assert sorted(file.name for file in (place.folder / "masters").iterdir()) == ["1", "2"], "and no third was begun"


async def test_a_person_key_that_does_not_open_stops_the_renewal_and_the_old_key_stays_wanted(
    place: Place, catalogue: Catalogue
) -> None:
    async with place.serving(catalogue) as service:
        first, other = await register(service, 2)
        await service.keys_sql(
            "UPDATE person_keys SET wrapped = (SELECT wrapped FROM person_keys WHERE person_id = :other) WHERE person_id = :id",
            id=first,
            other=other,
        )
        with pytest.raises(CannotOpen):
            await renew(service)
    (place.folder / "masters" / "1").unlink()
    with pytest.raises(WrongMasterKey, match="lacks 1 of the 2"):
        async with place.serving(catalogue):
            pytest.fail("it serves")


async def test_keys_that_are_opened_missing_or_refused_are_counted(place: Place, catalogue: Catalogue) -> None:
    def counted() -> list[float]:
        named = ({"outcome": outcome} for outcome in ("opened", "missing", "refused"))
        return [REGISTRY.get_sample_value("stena_person_keys_total", labels) or 0 for labels in named]

    async with place.serving(catalogue) as service:
        people, keys_of = [UUID(each) for each in await register(service, 2)], service.vault.person_keys
        before = counted()
        assert len(await keys_of.fetch([*people, uuid4()])) == 2
        assert [now - then for now, then in zip(counted(), before, strict=True)] == [2, 1, 0]
        await service.keys_sql("UPDATE person_keys SET master_key_id = 'of another house'")
        with pytest.raises(CannotOpen):
            await keys_of.fetch(people)
        assert [now - then for now, then in zip(counted(), before, strict=True)] == [2, 1, 1]


async def test_with_a_lost_or_a_wrong_master_key_nothing_starts(place: Place, catalogue: Catalogue, tmp_path: Path) -> None:
    async with place.serving(catalogue) as service:
        await register(service, 1)
    (tmp_path / "wrong").mkdir()
    keys.make_secret(tmp_path / "wrong" / "1")
    for folder, error in ((tmp_path / "wrong", WrongMasterKey), (tmp_path / "missing", KeyFileError)):
        with pytest.raises(error, match=r"PROFILE_MASTER_KEYS_DIR|missing"):
            async with open_vault(service.settings.model_copy(update={"master_keys_dir": folder})):
                pytest.fail("it opens")


def test_a_process_with_a_wrong_master_key_says_so_and_serves_nothing(place: Place) -> None:
    asyncio.run(use(place))
    (place.folder / "masters" / "1").unlink()
    keys.make_secret(place.folder / "masters" / "1")
    told = place.settings.model_dump(exclude_none=True)
    done = subprocess.run(  # noqa: S603
        [*(sys.executable, "-m", "uvicorn", "profile_svc.main:app_from_environment", "--factory", "--port"), str(free_port())],
        env={"PATH": os.environ["PATH"]} | {f"PROFILE_{name.upper()}": str(value) for name, value in told.items()},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "PROFILE_MASTER_KEYS_DIR holds other keys" in said.splitlines()[-1]
    assert "Uvicorn running" not in said


async def use(place: Place) -> None:
    """From here on the databases of this place know their master key."""
    async with open_vault(place.settings):
        pass
