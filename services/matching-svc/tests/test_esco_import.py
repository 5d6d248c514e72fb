"""The importer takes the official download whole or not at all, and a second time changes nothing."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from matching_svc.esco.edition import Edition
from matching_svc.esco.extract import extract
from matching_svc.esco.files import Refused, find
from matching_svc.esco.importing import Asked, Outcome, Progress, import_download, store
from matching_svc.esco.reading import Download, read
from matching_svc.esco.shipped import edition_of, shipped
from matching_svc.store import Database, opened
from matching_svc.store import vocabulary as stored
from matching_svc.vocabulary import Vocabulary, of_edition
from stena.database import transaction

from . import esco_files as files
from .esco_files import BAKER, BASE, BOIL, COOK, KNEAD, SERVE, as_csv

SILENT = Progress(lambda what, total: None, lambda done: None)


@pytest.fixture
async def owner(database: Any) -> AsyncIterator[Database]:
    async with opened(database.owner_url) as owner:
        async with transaction(owner) as connection:
            for table in ("vocabulary_parts", "concepts", "concept_labels", "concept_relations"):
                await connection.execute(text(f"TRUNCATE {table}"))
        yield owner


async def take(owner: Database, *places: Path, **asked: Any) -> Outcome:
    return await import_download(owner, Asked(places, **asked), SILENT)


async def kept(owner: Database) -> Vocabulary | None:
    async with transaction(owner) as connection:
        edition = await stored.load(connection)
    return of_edition(edition) if edition else None


async def test_a_download_is_taken_as_it_comes(owner: Database, tmp_path: Path) -> None:
    outcome = await take(owner, files.download(tmp_path))
    assert outcome.version == "1.1.0"
    assert set(outcome.changes.values()) == {"new"}
    vocabulary = await kept(owner)
    assert vocabulary is not None
    assert (vocabulary.occupations, vocabulary.skills) == (2, 3)
    baker, cook = vocabulary.occupation(BAKER), vocabulary.occupation(COOK)
    knead, boil, serve = (vocabulary.skill(uri) for uri in (KNEAD, BOIL, SERVE))
    assert (vocabulary.essential[baker, knead], vocabulary.essential[baker, boil], vocabulary.optional[cook, serve]) == (
        1,
        0,
        1,
    )
    assert vocabulary.helpful[boil, knead] == 1
    assert vocabulary.broader[vocabulary.numbers[KNEAD], vocabulary.numbers[files.FOOD]] == 1
    assert vocabulary.isco(BAKER) == "7512"
    assert list(vocabulary.regulated) == [False, True]
    assert vocabulary.rarity(KNEAD) > vocabulary.rarity(BOIL)
    assert vocabulary.label(BAKER) == "baker/bakeress"  # the neutral one
    assert vocabulary.label(BAKER, "bg") == "baker/bakeress"
    assert vocabulary.label(files.CRAFTS) == "Bakers"


@pytest.mark.parametrize("form", [files.download, files.unpacked])
async def test_a_second_import_changes_nothing(owner: Database, tmp_path: Path, form: Callable[[Path], Path]) -> None:
    assert (await take(owner, files.download(tmp_path / "first"))).changed
    async with transaction(owner) as connection:
        before = (await connection.execute(text("SELECT part, xmin::text, imported_at FROM vocabulary_parts ORDER BY 1"))).all()
    again = await take(owner, form(tmp_path / "second"))
    assert not again.changed
    async with transaction(owner) as connection:
        after = (await connection.execute(text("SELECT part, xmin::text, imported_at FROM vocabulary_parts ORDER BY 1"))).all()
    assert after == before


async def test_another_language_comes_beside_the_first(owner: Database, tmp_path: Path) -> None:
    await take(owner, files.download(tmp_path))
    labels = tmp_path / "occupation_labels_bg.csv"
    labels.write_text(f"conceptUri,label\n{BAKER},пекар\n{BAKER},хлебар\n{BASE}occupation/x,непознат\n")
    outcome = await take(owner, labels)
    assert outcome.changes == {"labels:bg": "new"}
    assert outcome.strangers == {"bg": (f"{BASE}occupation/x",)}
    vocabulary = await kept(owner)
    assert vocabulary is not None
    assert (vocabulary.label(BAKER, "bg"), vocabulary.label(BAKER), vocabulary.label(COOK, "bg")) == (
        "пекар",
        "baker/bakeress",
        "cook",
    )
    assert not (await take(owner, tmp_path)).changed


async def test_only_the_languages_asked_for_are_taken(owner: Database, tmp_path: Path) -> None:
    files.download(tmp_path)
    (tmp_path / "occupation_labels_bg.csv").write_text(f"conceptUri,label\n{BAKER},пекар\n")
    assert "labels:en" not in (await take(owner, tmp_path, languages=["bg"])).changes
    with pytest.raises(Refused, match="no labels here in ro"):
        await take(owner, tmp_path, languages=["ro"])


async def test_other_concepts_take_away_what_spoke_of_the_old_ones(owner: Database, tmp_path: Path) -> None:
    await take(owner, files.download(tmp_path))
    (tmp_path / "occupation_labels_bg.csv").write_text(f"conceptUri,label\n{BAKER},пекар\n")
    await take(owner, tmp_path / "occupation_labels_bg.csv")
    changes = (await take(owner, files.download(tmp_path / "newer", version="1.2.0"))).changes
    assert changes == {"concepts": "replaced", "relations": "replaced", "labels:en": "replaced", "labels:bg": "removed"}


def cut(folder: Path, name: str, keep: int) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes()[:keep])


def without_last_row(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def with_row(folder: Path, name: str, row: list[str]) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes() + as_csv([row]))


STRANGER = f"{BASE}skill/ffffffff-0000-0000-0000-000000000000"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut within a quoted field": (lambda at: cut(at, "occupations_en.csv", 280), "truncated"),
    "cut within a row": (lambda at: cut(at, "occupationSkillRelations.csv", 150), "truncated"),
    "a row of too few fields": (
        lambda at: with_row(at, "occupationSkillRelations.csv", [BAKER, "essential"]),
        "has 2 fields, not 4",
    ),
    "cut after a row: a skill is missing": (
        lambda at: without_last_row(at, "skills_en.csv"),
        "1 unknown concepts: skill/00000005",
    ),
    "cut after a row: an occupation has nothing": (
        lambda at: (at / "occupationSkillRelations.csv").write_bytes(
            as_csv(files.relations()["occupationSkillRelations.csv"][:3])
        ),
        "1 occupations have no skills",
    ),
    "cut after a row: a skill has no place": (
        lambda at: without_last_row(at, "broaderRelationsSkillPillar.csv"),
        "1 concepts have no broader one",
    ),
    "a pointer": (lambda at: (at / "skills_en.csv").write_bytes(POINTER), "pointer of Git LFS"),
    "a column less": (
        lambda at: (at / "occupations_en.csv").write_bytes(
            (at / "occupations_en.csv").read_bytes().replace(b"iscoGroup", b"isco")
        ),
        "no column iscoGroup",
    ),
    "an unknown concept": (
        lambda at: with_row(at, "occupationSkillRelations.csv", [BAKER, "essential", "", STRANGER]),
        "1 unknown concepts: skill/ffffffff",
    ),
    "a file less": (lambda at: (at / "skillSkillRelations.csv").unlink(), "missing: skill-skills"),
    "no UTF-8": (lambda at: (at / "skills_en.csv").write_bytes(b"conceptUri\xff\n"), "not UTF-8"),
}


@pytest.mark.parametrize("spoil", SPOILED)
async def test_what_is_spoiled_is_refused_before_anything_is_changed(owner: Database, tmp_path: Path, spoil: str) -> None:
    await take(owner, files.download(tmp_path / "good", version="1.1.1"))
    before = await kept(owner)
    act, reason = SPOILED[spoil]
    folder = files.unpacked(tmp_path)
    act(folder)
    with pytest.raises(Refused, match=reason):
        await take(owner, folder)
    after = await kept(owner)
    assert before is not None
    assert after is not None
    assert (after.version, after.uris, len(after.labels.texts)) == (before.version, before.uris, len(before.labels.texts))


async def test_archives_that_are_none_are_refused(owner: Database, tmp_path: Path) -> None:
    whole = files.download(tmp_path)
    path = next(whole.glob("*classification*"))
    content = path.read_bytes()
    for spoiled, reason in ((content[: len(content) // 2], "truncated or no zip"), (POINTER, "pointer of Git LFS")):
        path.write_bytes(spoiled)
        with pytest.raises(Refused, match=reason):
            await take(owner, whole)
    assert await kept(owner) is None


@pytest.mark.parametrize(
    ("version", "stated", "reason"),
    [("0.9", None, "not known here"), ("2.0.0", None, "not known here"), ("1.1.0", "1.2.0", "several versions")],
)
async def test_versions_that_are_not_known_or_mixed_are_refused(
    owner: Database, tmp_path: Path, version: str, stated: str | None, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        await take(owner, files.download(tmp_path, version=version), version=stated)


async def test_a_folder_that_names_no_version_needs_one_said(owner: Database, tmp_path: Path) -> None:
    folder = files.unpacked(tmp_path).rename(tmp_path / "esco")
    with pytest.raises(Refused, match="which version"):
        await take(owner, folder)
    assert (await take(owner, folder, version="1.1.0")).version == "1.1.0"


async def test_labels_alone_need_concepts(owner: Database, tmp_path: Path) -> None:
    labels = tmp_path / "occupation_labels_bg.csv"
    labels.write_text(f"conceptUri,label\n{BAKER},пекар\n")
    with pytest.raises(Refused, match="no concepts yet"):
        await take(owner, labels)


async def test_the_running_service_may_not_write_the_vocabulary(owner: Database, database: Any, tmp_path: Path) -> None:
    async with opened(database.app_url) as app:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await take(app, files.download(tmp_path))


def test_the_small_set_says_what_an_import_of_the_same_download_says(tmp_path: Path) -> None:
    """It is read by its own few lines, and has to come to the same rows."""
    classification, relations = sorted(files.download(tmp_path).iterdir())
    official = read(find([tmp_path]), ["en"], None, lambda _: None).edition
    content = extract(classification, relations, {}, ["baker", "cook"], version="1.1.0")
    content["skills"][KNEAD.rsplit("/")[-1]]["labels"]["en"] += " "  # as some of the official ones end
    small = edition_of(content)
    assert official is not None
    agree(small, official)
    assert len(small.concepts) == 5


def agree(small: Edition, official: Edition) -> None:
    """Whatever the small set says of its concepts the official edition says too, and it leaves out no essential skill."""
    known = {concept.uri: concept for concept in official.concepts}
    for concept in small.concepts:
        theirs = known[concept.uri]
        assert (concept.kind, concept.isco, concept.rarity) == (theirs.kind, theirs.isco, theirs.rarity)
    relations, mine = set(official.relations), {concept.uri for concept in small.concepts}
    assert set(small.relations) <= relations
    needed = {each for each in relations if each.kind == "essential" and each.source in mine}
    assert needed <= set(small.relations)
    preferred = {label for label in official.labels["en"] if label.kind == "preferred" and label.uri in mine}
    assert set(small.labels["en"]) == preferred


async def test_the_small_set_is_the_same_vocabulary_from_the_tables(owner: Database) -> None:
    await store(owner, Download(shipped(), {}), SILENT)
    imported, given = await kept(owner), of_edition(shipped())
    assert imported is not None
    assert (imported.uris, imported.occupations, imported.skills) == (given.uris, given.occupations, given.skills)
    for name in ("essential", "optional", "broader", "helpful"):
        assert (getattr(imported, name) != getattr(given, name)).nnz == 0
    for name in ("isco_groups", "regulated", "rarities", "reuse"):
        assert (getattr(imported, name) == getattr(given, name)).all()
    for language in given.labels.languages:
        assert [imported.label(uri, language) for uri in given.uris] == [given.label(uri, language) for uri in given.uris]


@pytest.mark.esco
def test_the_small_set_that_ships_says_what_the_official_download_says() -> None:
    folder = os.environ.get("ESCO_DATA_DIR")
    if not folder:
        pytest.skip("ESCO_DATA_DIR names no folder with the official ESCO download")
    official = read(find([Path(folder)]), ["en"], None, lambda _: None).edition
    assert official is not None
    agree(shipped(), official)


@pytest.mark.esco
async def test_the_official_download_is_taken_whole(owner: Database) -> None:
    folder = os.environ.get("ESCO_DATA_DIR")
    if not folder:
        pytest.skip("ESCO_DATA_DIR names no folder with the official ESCO download")
    outcome = await take(owner, Path(folder))
    assert outcome.entries["relations"] == 123_855 + 5_899 + 3_617 + 20_656
    vocabulary = await kept(owner)
    assert vocabulary is not None
    assert (vocabulary.occupations, vocabulary.skills) == (3_008, 13_896)
    assert (vocabulary.essential.nnz, vocabulary.optional.nnz) == (64_946, 58_909)
    assert {"en", "bg"} <= set(vocabulary.labels.languages)
    assert not (await take(owner, Path(folder))).changed
