"""Many people as columns of numbers, and each as a short document that a plain view is made from. Pure; immutable once made.

INVARIANT: columns hold exactly what a score reads of ``MatchFeatures``; the document holds all of it, gates and
explanations are computed from it.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from matching_svc.features import MatchFeatures
from matching_svc.numbering import Lists, Numberings, joined

Bytes8 = NDArray[np.int8]
UNSTATED: Final = -32_768
"""An education level that is not stated; elsewhere it is -1."""
ANYWHERE: Final = 30_000
"""Kilometres, further than any two places are apart."""
_MOST: Final = 30_000
"""Months and levels beyond this make no difference to any score."""


@dataclass(frozen=True, slots=True)
class People:
    """Row ``n`` is the person ``ids[n]``. -1 is: not stated (of education UNSTATED).

    ``order`` is each row's place among the sorted ids; ``furthest`` in km, ANYWHERE where it is not stated.
    """

    ids: tuple[str, ...]
    order: NDArray[np.int32]
    documents: bytes | bytearray
    document_starts: NDArray[np.int64]
    skills: Lists
    occupations: Lists  # beside: months
    wanted: Lists
    languages: Lists  # beside: CEFR step
    states_skills: Bytes8
    states_occupations: Bytes8
    states_languages: Bytes8
    remote: Bytes8
    working_age: Bytes8
    education: NDArray[np.int16]
    municipality: NDArray[np.int32]
    region: NDArray[np.int32]
    furthest: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.ids)


class Packer:
    """Takes people one by one; ``pack`` gives what was taken, once. 25 µs a person, most of it reading JSON."""

    def __init__(self, numberings: Numberings) -> None:
        self._numberings = numberings
        self._ids: list[str] = []
        self._documents = bytearray()
        self._ends = array("q", [0])
        self._lists = {name: (array("i"), array("i"), array("i")) for name in ("skills", "occupations", "wanted", "languages")}
        self._columns = {name: array("i") for name in _COLUMNS}

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, id_: str, features: MatchFeatures) -> None:
        self.add_stored(id_, features.model_dump(mode="json", exclude_none=True))

    def add_stored(self, id_: str, known: dict[str, Any]) -> None:
        """``known`` as PostgreSQL keeps it: a dumped ``MatchFeatures`` without what is not stated."""
        numberings = self._numberings
        skills = [numberings.skills.of(uri) for uri in known.get("skills", ())]
        months: dict[int, int] = {}
        for job in known.get("work_history", ()):
            number = numberings.occupations.of(job["occupation"])
            months[number] = months.get(number, 0) + job["months"]
        steps: dict[int, int] = {}
        for language in known.get("languages", ()):
            number = numberings.languages.of(language["language"])
            steps[number] = max(steps.get(number, 0), _step(language))
        self._list("skills", skills)
        self._list("occupations", months, [min(_MOST, done) for done in months.values()])
        self._list("wanted", [numberings.occupations.of(uri) for uri in known.get("wanted_occupations", ())])
        self._list("languages", steps, list(steps.values()))
        self._numbers(known)
        self._ids.append(id_)
        self._documents += orjson.dumps(self._short(known, skills))
        self._ends.append(len(self._documents))

    def _list(self, name: str, numbers: Iterable[int], beside: Sequence[int] = ()) -> None:
        counts, all_numbers, all_beside = self._lists[name]
        before = len(all_numbers)
        all_numbers.extend(numbers)
        all_beside.extend(beside)
        counts.append(len(all_numbers) - before)

    def _numbers(self, known: dict[str, Any]) -> None:
        columns, numberings = self._columns, self._numberings
        municipality, region, education = known.get("municipality"), known.get("region"), known.get("education_level")
        columns["states_skills"].append("skills" in known)
        columns["states_occupations"].append("work_history" in known)
        columns["states_languages"].append("languages" in known)
        columns["remote"].append(bool(known.get("remote")))
        columns["working_age"].append(_three(known.get("of_working_age")))
        columns["education"].append(UNSTATED if education is None else max(-_MOST, min(_MOST, education)))
        columns["municipality"].append(-1 if municipality is None else numberings.municipalities.of(municipality))
        columns["region"].append(-1 if region is None else numberings.regions.of(region))
        columns["furthest"].append(max(-1, min(ANYWHERE, known.get("max_distance_km", ANYWHERE))))

    def _short(self, known: dict[str, Any], skills: list[int]) -> dict[str, Any]:
        """URIs by their numbers: nine tenths of a document would be URIs."""
        short = {**known, "skills": skills} if "skills" in known else dict(known)
        of = self._numberings.occupations.of
        if "work_history" in known:
            short["work_history"] = [{**job, "occupation": of(job["occupation"])} for job in known["work_history"]]
        if "wanted_occupations" in known:
            short["wanted_occupations"] = [of(uri) for uri in known["wanted_occupations"]]
        return short

    def pack(self) -> People:
        starts = np.array(self._ends, dtype=np.int64)
        lists: dict[str, Any] = {
            name: Lists.of(counts, numbers, beside if name in ("occupations", "languages") else None)
            for name, (counts, numbers, beside) in self._lists.items()
        }
        columns: dict[str, Any] = {name: np.array(values, dtype=_COLUMNS[name]) for name, values in self._columns.items()}
        ids = tuple(self._ids)
        return People(ids, order_of(ids), self._documents, starts, **lists, **columns)


_COLUMNS: Final[dict[str, type[Any]]] = {
    "states_skills": np.int8,
    "states_occupations": np.int8,
    "states_languages": np.int8,
    "remote": np.int8,
    "working_age": np.int8,
    "education": np.int16,
    "municipality": np.int32,
    "region": np.int32,
    "furthest": np.int16,
}


def features_at(people: People, row: int, numberings: Numberings) -> MatchFeatures:
    """What was packed, whole."""
    begin, end = people.document_starts[row], people.document_starts[row + 1]
    short = orjson.loads(people.documents[begin:end])
    occupation = numberings.occupations.text
    if "skills" in short:
        short["skills"] = [numberings.skills.text(number) for number in short["skills"]]
    for job in short.get("work_history", ()):
        job["occupation"] = occupation(job["occupation"])
    if "wanted_occupations" in short:
        short["wanted_occupations"] = [occupation(number) for number in short["wanted_occupations"]]
    return MatchFeatures.model_validate(short)


def merged(parts: Sequence[People], kept: Sequence[NDArray[np.int64]]) -> People:
    """One set of columns from the ``kept`` rows of several. All NumPy: it leaves the event loop to others."""
    pairs = list(zip(parts, kept, strict=True))
    ids = tuple(part.ids[row] for part, rows in pairs for row in rows.tolist())
    documents = b"".join(_documents(part, rows) for part, rows in pairs)
    lengths = np.concatenate([np.diff(part.document_starts)[rows] for part, rows in pairs])
    starts = np.zeros(len(ids) + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    lists: dict[str, Any] = {
        name: joined([getattr(part, name).kept(rows) for part, rows in pairs])
        for name in ("skills", "occupations", "wanted", "languages")
    }
    columns: dict[str, Any] = {name: np.concatenate([getattr(part, name)[rows] for part, rows in pairs]) for name in _COLUMNS}
    return People(ids, order_of(ids), documents, starts, **lists, **columns)


def _documents(part: People, rows: NDArray[np.int64]) -> bytes | bytearray:
    if len(rows) == len(part):
        return part.documents
    content, starts = part.documents, part.document_starts.tolist()
    return b"".join([content[starts[row] : starts[row + 1]] for row in rows.tolist()])


def order_of(ids: Sequence[str]) -> NDArray[np.int32]:
    order = np.empty(len(ids), dtype=np.int32)
    order[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids), dtype=np.int32)
    return order


_STEPS: Final = {"A1": 1, "A2": 2, "B1": 3, "B2": 4, "C1": 5, "C2": 6}
_ACTIVITIES: Final = ("listening", "reading", "interaction", "production", "writing")


def _step(language: dict[str, Any]) -> int:
    """As ``LanguageHeld.step`` has it."""
    stated = [_STEPS[language[name]] for name in _ACTIVITIES if language.get(name) is not None]
    return sum(stated) // len(stated) if stated else 0


def _three(value: bool | None) -> int:
    return -1 if value is None else int(value)
