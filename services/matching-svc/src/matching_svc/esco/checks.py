"""Whether the parts of a download fit together: one known version, nothing missing, no relation to nowhere. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from matching_svc.esco.edition import BASE, Concept, Relation
from matching_svc.esco.files import Refused, Source

VERSIONS: Final = ("1.1.", "1.2.")
"""Whose files have the form that is read here; 1.1.1 was tried whole."""

_UNLISTED: Final[Mapping[str, tuple[Concept, ...]]] = {
    "1.1.1": (Concept(f"{BASE}occupation/a9e54177-a185-404d-b6e6-15663d31137e", "occupation", isco="3211"),),
}
"""What an official download relates and does not list: 1.1.1 has skills for 3,008 occupations and lists 3,007."""

_MOST_SHOWN: Final = 10


def one_version(sources: Iterable[Source], stated: str | None) -> str:
    """The version that all names agree on, or that is ``stated`` where none says it; raises ``Refused``."""
    found = {source.version for source in sources if source.version} | ({stated} if stated else set())
    if not found:
        raise Refused("No name says which version of ESCO this is. Keep the download's own file name, or give --version.")
    if len(found) > 1:
        raise Refused(f"Parts of several versions were given: {', '.join(sorted(found))}. Give one version whole.")
    (version,) = found
    if not f"{version}.".startswith(VERSIONS):
        raise Refused(f"Version {version} of ESCO is not known here, only {' and '.join(f'{each}x' for each in VERSIONS)}.")
    return version


def whole(version: str, concepts: Sequence[Concept], relations: Sequence[Relation]) -> tuple[Concept, ...]:
    """``concepts``, with those that this version's official download forgets to list; raises ``Refused``."""
    listed = {concept.uri for concept in concepts}
    if len(listed) < len(concepts):
        twice = [uri for uri, count in Counter(concept.uri for concept in concepts).items() if count > 1]
        raise Refused(f"Concepts are listed twice: {_some(twice)}.")
    named = {uri for relation in relations for uri in (relation.source, relation.target)}
    unlisted = [concept for concept in _UNLISTED.get(version, ()) if concept.uri in named - listed]
    complete = (*concepts, *unlisted)
    if unknown := named - {concept.uri for concept in complete}:
        raise Refused(
            f"The relations name {len(unknown)} unknown concepts: {_some(unknown)}. A file is truncated or of elsewhere."
        )
    for fault in _unrelated(complete, relations):
        raise Refused(fault)
    return complete


def same(concepts: Collection[str], others: Collection[str], language: str) -> None:
    """Raises ``Refused`` if the classification in ``language`` lists other concepts than the main one."""
    if different := set(concepts) ^ set(others):
        raise Refused(f"The classification in {language} lists {len(different)} other concepts: {_some(different)}.")


def _unrelated(concepts: Iterable[Concept], relations: Iterable[Relation]) -> Iterator[str]:
    """A file that was cut at the end of a line shows itself by concepts that nothing is said of."""
    needing = {relation.source for relation in relations if relation.kind in ("essential", "optional")}
    placed = {relation.source for relation in relations if relation.kind == "broader"}
    skilless = [each.uri for each in concepts if each.kind == "occupation" and each.uri not in needing]
    if skilless:
        yield f"{len(skilless)} occupations have no skills: {_some(skilless)}. The relations are truncated."
    unplaced = [each.uri for each in concepts if each.kind in ("occupation", "skill") and each.uri not in placed]
    if unplaced:
        yield f"{len(unplaced)} concepts have no broader one: {_some(unplaced)}. The relations are truncated."


def _some(uris: Iterable[str]) -> str:
    ordered = sorted(uris)
    shown = ", ".join(uri.removeprefix(BASE) for uri in ordered[:_MOST_SHOWN])
    return shown + (f" and {len(ordered) - _MOST_SHOWN} more" if len(ordered) > _MOST_SHOWN else "")
