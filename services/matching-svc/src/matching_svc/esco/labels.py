"""Labels as the download has them: columns of the classification, or lists of labels alone in further languages."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from matching_svc.esco.edition import LABEL_KINDS, Label, LabelKind, neutral
from matching_svc.esco.files import Source, rows

Advance = Callable[[int], None]

_COLUMNS: Final = ("conceptUri", "preferredLabel", "altLabels", "hiddenLabels", "description")
_WITHOUT_HIDDEN: Final = ("conceptUri", "preferredLabel", "altLabels", "description")
_LEVELS: Final = tuple((f"Level {level} URI", f"Level {level} preferred term") for level in range(4))


def of_classification(sources: Sequence[Source], advance: Advance) -> tuple[Label, ...]:
    """Every label of one language in the classification's files. Groups that only the hierarchy has are named by it."""
    found = [label for source in sources if source.kind != "hierarchy" for label in _of_rows(source, advance)]
    named = {label.uri for label in found}
    for source in sources:
        if source.kind == "hierarchy":
            found += [Label(uri, "preferred", text) for uri, text in hierarchy(source, advance).items() if uri not in named]
    return _ordered(found)


def of_list(source: Source, advance: Advance) -> tuple[Label, ...]:
    """A list ``conceptUri,label`` with several rows for a concept, the preferred label first."""
    labels: dict[str, list[str]] = {}
    for uri, text in rows(source, ("conceptUri", "label"), advance):
        if text:
            labels.setdefault(uri, []).append(text)
    return _ordered(label for uri, (first, *others) in labels.items() for label in _of_concept(uri, first, others))


def hierarchy(source: Source, advance: Advance) -> dict[str, str]:
    """Every group of the skill hierarchy with its name."""
    columns = [column for level in _LEVELS for column in level]
    found: dict[str, str] = {}
    for row in rows(source, columns, advance):
        found |= {uri: name for uri, name in zip(row[::2], row[1::2], strict=True) if uri}
    return found


def of_concepts(labels: Sequence[Label], uris: Collection[str]) -> tuple[tuple[Label, ...], tuple[str, ...]]:
    """The labels of known concepts, and the URIs of the others: lists of labels may be of a neighbouring version."""
    strangers = sorted({label.uri for label in labels} - set(uris))
    return tuple(label for label in labels if label.uri in uris), tuple(strangers)


def _of_rows(source: Source, advance: Advance) -> Iterator[Label]:
    columns = _WITHOUT_HIDDEN if source.kind == "isco-groups" else _COLUMNS
    for row in rows(source, columns, advance):
        uri, preferred, alternative, *hidden, description = row
        yield from _of_concept(uri, preferred, alternative.splitlines(), hidden[0].splitlines() if hidden else ())
        if description:
            yield Label(uri, "description", description)


def _of_concept(uri: str, preferred: str, alternative: Sequence[str], hidden: Sequence[str] = ()) -> Iterator[Label]:
    others = list(dict.fromkeys(text.strip() for text in alternative if text.strip() not in ("", preferred)))
    both = neutral(preferred, others)
    yield Label(uri, "preferred", preferred)
    if both:
        yield Label(uri, "neutral", both)
    yield from (Label(uri, "alternative", text) for text in others if text != both)
    yield from (
        Label(uri, "hidden", text) for text in dict.fromkeys(map(str.strip, hidden)) if text not in ("", preferred, *others)
    )


def _ordered(labels: "Iterator[Label] | list[Label]") -> tuple[Label, ...]:
    ranks: dict[LabelKind, int] = {kind: rank for rank, kind in enumerate(LABEL_KINDS)}
    return tuple(sorted(labels, key=lambda label: (label.uri, ranks[label.kind])))
