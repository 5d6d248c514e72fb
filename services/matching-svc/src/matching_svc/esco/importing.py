"""The import of a download, all of it or nothing: read, checked, and brought into the database in one transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matching_svc.esco.edition import Edition, Label, digest
from matching_svc.esco.files import Refused, find
from matching_svc.esco.labels import of_concepts
from matching_svc.esco.reading import Download, read
from matching_svc.store import Database
from matching_svc.store import vocabulary as stored
from matching_svc.store.vocabulary import Change, Part
from stena.database import transaction


@dataclass(frozen=True, slots=True)
class Asked:
    """``languages`` none is all of them; ``version`` is stated where no name says it."""

    places: Sequence[Path]
    languages: Collection[str] | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done to each part, how many entries it has now, and of which concepts lists of labels spoke in vain."""

    version: str
    changes: Mapping[str, Change]
    entries: Mapping[str, int]
    strangers: Mapping[str, tuple[str, ...]]

    @property
    def changed(self) -> bool:
        return any(change != "unchanged" for change in self.changes.values())


@dataclass(frozen=True, slots=True)
class Progress:
    """Who is told how far it is: ``reading`` in bytes of ``total`` files, ``storing`` in rows."""

    begin: Callable[[str, int], None]
    advance: Callable[[int], None]


async def import_download(database: Database, asked: Asked, progress: Progress) -> Outcome:
    """Raises ``Refused`` before anything is changed, and ``Unavailable`` if the database does not answer."""
    sources = find(asked.places)
    progress.begin("Reading", sum(source.size for source in sources))
    download = read(sources, asked.languages, asked.version, progress.advance)
    return await store(database, download, progress)


async def store(database: Database, download: Download, progress: Progress) -> Outcome:
    async with transaction(database) as connection:
        await stored.lock(connection)
        version = download.edition.version if download.edition else await stored.version(connection)
        if version is None:
            raise Refused("There are no concepts yet that these labels could belong to. Give classification and relations too.")
        known = await stored.uris(connection) if download.edition is None else {each.uri for each in download.edition.concepts}
        named = {language: of_concepts(labels, known) for language, labels in download.lists.items()}
        parts = _parts(version, download.edition, {language: labels for language, (labels, _) in named.items()})
        before = await stored.digests(connection)
        progress.begin("Storing", sum(len(part.rows) for name, part in parts.items() if before.get(name) != part.digest))
        changes = await stored.replace(connection, version, parts, progress.advance)
    return Outcome(
        version=version,
        changes=changes,
        entries={name: len(part.rows) for name, part in parts.items()},
        strangers={language: strangers for language, (_, strangers) in named.items() if strangers},
    )


def _parts(version: str, edition: Edition | None, lists: Mapping[str, tuple[Label, ...]]) -> dict[str, Part]:
    rows: dict[str, Sequence[tuple[object, ...]]] = {}
    if edition is not None:
        rows = {"concepts": edition.concepts, "relations": edition.relations}
        rows |= {f"labels:{language}": labels for language, labels in edition.labels.items()}
    rows |= {f"labels:{language}": labels for language, labels in lists.items()}
    return {name: Part(digest(version, each), each) for name, each in rows.items()}
