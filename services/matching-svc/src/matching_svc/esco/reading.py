"""Reads the official download into an edition, whole or not at all. Reads files, writes nothing."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from matching_svc.esco import checks, labels
from matching_svc.esco.edition import Concept, ConceptKind, Edition, Label, Relation, with_rarity
from matching_svc.esco.files import Refused, Source, rows
from matching_svc.esco.labels import Advance

_CLASSIFICATION: Final[Mapping[str, ConceptKind]] = {
    "occupations": "occupation",
    "skills": "skill",
    "isco-groups": "isco-group",
    "skill-groups": "skill-group",
}
_RELATIONS: Final = ("occupation-skills", "skill-skills", "broader-occupations", "broader-skills")
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "occupations": ("conceptUri", "code", "iscoGroup", "regulatedProfessionNote"),
    "skills": ("conceptUri", "reuseLevel"),
    "isco-groups": ("conceptUri", "code"),
    "skill-groups": ("conceptUri", "code"),
    "occupation-skills": ("occupationUri", "relationType", "skillUri"),
    "skill-skills": ("originalSkillUri", "relationType", "relatedSkillUri"),
    "broader-occupations": ("conceptUri", "broaderUri"),
    "broader-skills": ("conceptUri", "broaderUri"),
}
_REGULATED: Final = "http://data.europa.eu/esco/regulated-professions/regulated"


@dataclass(frozen=True, slots=True)
class Download:
    """What was read. ``edition`` is ``None`` if only lists of labels were given: they go to an edition that is there already.

    ``lists`` are labels by language as the lists have them, strangers included.
    """

    edition: Edition | None
    lists: Mapping[str, tuple[Label, ...]]


def read(sources: Sequence[Source], languages: Collection[str] | None, version: str | None, advance: Advance) -> Download:
    """``languages`` limits whose labels are read; ``version`` is stated where no name says it.

    Raises ``Refused`` for anything that is missing, truncated, of another version or does not fit together.
    """
    wanted = [each for each in sources if languages is None or each.language is None or each.language in languages]
    lists = {str(each.language): labels.of_list(each, advance) for each in wanted if each.kind == "labels"}
    official = [source for source in sources if source.kind != "labels"]
    if official:
        edition = _edition(official, languages, checks.one_version(official, version), advance)
    elif lists:
        return Download(None, lists)
    else:
        raise Refused("There is no file of the official ESCO CSV download here.")
    if absent := set(languages or ()) - lists.keys() - edition.labels.keys():
        raise Refused(f"There are no labels here in {', '.join(sorted(absent))}.")
    return Download(edition, {language: each for language, each in lists.items() if language not in edition.labels})


def _edition(sources: Sequence[Source], languages: Collection[str] | None, version: str, advance: Advance) -> Edition:
    classification = _by_language(sources)
    main = classification.get("en") or next(iter(classification.values()))
    relations = tuple(sorted(_relations(sources, advance)))
    concepts = checks.whole(version, list(_concepts(main, advance)), relations)
    for language, files in classification.items():
        if files is not main:
            checks.same(_uris(main), _uris(files), language)
    return Edition(
        version=version,
        concepts=tuple(sorted(with_rarity(concepts, relations))),
        relations=relations,
        labels={
            # What was read for the concepts already is not told twice.
            language: labels.of_classification(files, _ignore if files is main else advance)
            for language, files in classification.items()
            if languages is None or language in languages
        },
    )


def _by_language(sources: Sequence[Source]) -> dict[str, list[Source]]:
    """The classification's files by language, each complete."""
    kinds = (*_CLASSIFICATION, "hierarchy")
    found: dict[str, list[Source]] = {}
    for source in sources:
        if source.kind in kinds:
            found.setdefault(str(source.language), []).append(source)
    if not found:
        raise Refused("The classification is missing. Give it together with the relations.")
    for language, files in found.items():
        _require(kinds, files, f" in {language}")
    return found


def _concepts(sources: Sequence[Source], advance: Advance) -> Iterator[Concept]:
    listed = set()
    for source in sources:
        if source.kind in _CLASSIFICATION:
            for row in rows(source, _COLUMNS[source.kind], advance):
                listed.add(row[0])
                yield _concept(_CLASSIFICATION[source.kind], row)
    for source in sources:
        if source.kind == "hierarchy":
            yield from (Concept(uri, "skill-group") for uri in labels.hierarchy(source, advance) if uri not in listed)


def _concept(kind: ConceptKind, row: tuple[str, ...]) -> Concept:
    match kind:
        case "occupation":
            uri, code, isco, regulated = row
            return Concept(uri, kind, code or None, isco or None, regulated=regulated == _REGULATED)
        case "skill":
            return Concept(row[0], kind, reuse=row[1] or None)
        case _:
            return Concept(row[0], kind, row[1] or None)


def _relations(sources: Sequence[Source], advance: Advance) -> Iterator[Relation]:
    _require(_RELATIONS, sources, "")
    for source in sources:
        if source.kind in _RELATIONS:
            for row in rows(source, _COLUMNS[source.kind], advance):
                yield _relation(source, row)


def _relation(source: Source, row: tuple[str, ...]) -> Relation:
    if len(row) == 2:
        return Relation(row[0], "broader", row[1])
    one, kind, other = row
    needs: Mapping[str, Literal["essential", "optional"]] = {"essential": "essential", "optional": "optional"}
    if kind not in needs:
        raise Refused(f"{source.name} holds a relation of an unknown type.")
    if source.kind == "skill-skills":
        return Relation(one, "skill-essential" if kind == "essential" else "skill-optional", other)
    return Relation(one, needs[kind], other)


def _require(kinds: Sequence[str], sources: Sequence[Source], where: str) -> None:
    if missing := [kind for kind in kinds if kind not in {source.kind for source in sources}]:
        raise Refused(f"Parts of the download are missing{where}: {', '.join(missing)}.")


def _uris(sources: Sequence[Source]) -> set[str]:
    return {uri for source in sources if source.kind in _CLASSIFICATION for (uri,) in rows(source, ("conceptUri",), _ignore)}


def _ignore(_: int) -> None: ...
