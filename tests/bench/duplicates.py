"""`python -m tests.bench.duplicates`: how well people who were registered twice are found, and how the work grows.

Invented people; of every tenth a second record as somebody else would write it down: another transliteration, another script,
typing errors, day and month turned, names in each other's place, a day that nobody knew. Among them twins, and fathers and sons
of one name. The baseline asks for exactly the same names and date of birth.
"""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from rich.console import Console
from rich.table import Table

from profile_svc.indexing import places
from profile_svc.resembling import IDENTIFYING, PROPOSED, resemblance
from profile_svc.store.duplicates import MOST_IN_ONE_PLACE
from stena_local.demo import people as demo

Values = dict[str, Any]
Pair = tuple[int, int]

SIZES = (2_500, 5_000, 10_000, 20_000)
SEED = 20260301
console = Console(width=110)

_SCHOOLS: tuple[tuple[str, str], ...] = (
    ("kh", "h"),
    ("sh", "ch"),
    ("zh", "j"),
    ("y", "i"),
    ("u", "ou"),
    ("i", "ee"),
    ("v", "w"),
    ("f", "ph"),
    ("k", "c"),
)
_SCHOOLS += (("ts", "c"), ("o", "u"), ("e", "a"), ("a", "e"), ("ya", "ia"), ("yu", "iu"), ("g", "h"), ("q", "k"), ("dj", "j"))
_KEYS = "qwertyuiop asdfghjkl zxcvbnm"


@dataclass(frozen=True)
class Found:
    pairs: frozenset[Pair]
    compared: int
    seconds: float


def main() -> None:
    table = Table("how a second record differs", "of them", "met in the index", "proposed", "exact names and date")
    # Another seed than the one that weights were looked at with.
    records, twice = population(SIZES[-1], random.Random(SEED + 1))  # noqa: S311
    proposed, baseline = ours(records), exact(records)
    met = frozenset(meeting(records))
    kinds = Counter(twice.values())
    for kind, number in kinds.most_common():
        wanted = {pair for pair, how in twice.items() if how == kind}
        shares = [len(wanted & pairs) / number for pairs in (met, proposed.pairs, baseline.pairs)]
        table.add_row(kind, str(number), *(f"{share:.1%}" for share in shares))
    console.print(table)
    _quality(twice, proposed, baseline)
    _growth()


def _quality(twice: dict[Pair, str], *found: Found) -> None:
    table = Table("", "proposed", "precision", "recall", "F1")
    for name, each in zip(("by sound and resemblance", "exact names and date"), found, strict=True):
        right = len(each.pairs & twice.keys())
        precision, recall = right / max(1, len(each.pairs)), right / len(twice)
        score = 2 * precision * recall / max(precision + recall, 1e-9)
        table.add_row(name, str(len(each.pairs)), f"{precision:.1%}", f"{recall:.1%}", f"{score:.3f}")
    console.print(table)


def _growth() -> None:
    table = Table("records", "pairs held against each other", "for each record", "all pairs there are", "seconds")
    for size in SIZES:
        records, _ = population(size, random.Random(SEED))  # noqa: S311
        found = ours(records)
        every = len(records) * (len(records) - 1) // 2
        each = found.compared / len(records)
        table.add_row(str(len(records)), str(found.compared), f"{each:.2f}", str(every), f"{found.seconds:.1f}")
    console.print(table)


def ours(records: Sequence[Values]) -> Found:
    began = time.process_time()
    pairs = list(meeting(records))
    likely = frozenset(pair for pair in pairs if resemblance(records[pair[0]], records[pair[1]]).score >= PROPOSED)
    return Found(likely, len(pairs), time.process_time() - began)


def meeting(records: Sequence[Values]) -> Iterator[Pair]:
    """Who would be held against whom: as the query of the store does it."""
    there: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number, values in enumerate(records):
        for kind, texts in places(values).items():
            for text in texts:
                there[kind, text].append(number)
    yield from {pair for each in there.values() if len(each) <= MOST_IN_ONE_PLACE for pair in combinations(each, 2)}


def exact(records: Sequence[Values]) -> Found:
    there: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, values in enumerate(records):
        names = [(values.get(name) or {}).get("latin", "").casefold() for name in ("given_name", "family_name")]
        there[*names, values.get("date_of_birth") or ""].append(number)
    pairs = frozenset(pair for each in there.values() for pair in combinations(each, 2))
    return Found(pairs, len(pairs), 0.0)


def population(size: int, chance: random.Random) -> tuple[list[Values], dict[Pair, str]]:
    """Records in no order, and which of them are one person's, with how they differ."""
    records = [_of(demo.person(chance.randrange(10**6), number)["attributes"]) for number in range(size)]
    records += [_relative(chance, values) for values in chance.sample(records, size // 50)]
    second = [(number, *_written_again(chance, records[number])) for number in chance.sample(range(size), size // 10)]
    kinds = {(number, len(records) + place): kind for place, (number, _, kind) in enumerate(second)}
    return [*records, *(values for _, values, _ in second)], kinds


def _of(attributes: Values) -> Values:
    return {name: attributes.get(name) for name in IDENTIFYING}


def _relative(chance: random.Random, values: Values) -> Values:
    """A twin, or a son of his father's name."""
    year, rest = values["date_of_birth"][:4], values["date_of_birth"][4:]
    if chance.random() < 0.5:
        other = demo.person(chance.randrange(10**6), chance.randrange(10**6))["attributes"]["given_name"]
        return values | {"given_name": other, "national_number": None}
    return values | {
        "date_of_birth": f"{int(year) - chance.randint(19, 35)}{rest[:-2]}{chance.randint(10, 28)}",
        "national_number": None,
    }


def _written_again(chance: random.Random, values: Values) -> tuple[Values, str]:
    kinds: dict[str, Callable[[random.Random, Values], Values]] = {
        "another transliteration": _transliterated,
        "one script alone": _one_script,
        "a typing error": _mistyped,
        "two typing errors": lambda chance, values: _mistyped(chance, _mistyped(chance, values)),
        "day and month turned": _turned,
        "a digit of the date": _digit,
        "the day not known": lambda _, values: values | {"date_of_birth": f"{values['date_of_birth'][:4]}-01-01"},
        "names in each other's place": _swapped,
        "transliteration and a digit of the date": lambda chance, values: _digit(chance, _transliterated(chance, values)),
    }
    kind = chance.choice(list(kinds))
    again = kinds[kind](chance, values)
    number = again["national_number"] if chance.random() < 0.3 else None
    return again | {"national_number": number}, kind


def _transliterated(chance: random.Random, values: Values) -> Values:
    return values | {name: _both(values[name], lambda text: _school(chance, text)) for name in ("given_name", "family_name")}


def _both(name: Values, change: Callable[[str], str]) -> Values:
    """Whoever is registered by a passport in Latin letters has no other spelling."""
    latin = change(name["latin"])
    return {"native": latin, "latin": latin}


def _school(chance: random.Random, text: str) -> str:
    for letters, others in chance.sample(_SCHOOLS, 4):
        text = text.replace(letters, others, 1) if chance.random() < 0.7 else text
    return text


def _one_script(_: random.Random, values: Values) -> Values:
    return values | {name: dict.fromkeys(("native", "latin"), values[name]["native"]) for name in ("given_name", "family_name")}


def _mistyped(chance: random.Random, values: Values) -> Values:
    name = chance.choice(["given_name", "family_name"])
    return values | {name: values[name] | {"latin": _slip(chance, values[name]["latin"])}}


def _slip(chance: random.Random, text: str) -> str:
    place = chance.randrange(len(text))
    letter = chance.choice(_KEYS.replace(" ", ""))
    match chance.choice(["put in", "left out", "another", "turned"]):
        case "put in":
            return text[:place] + letter + text[place:]
        case "left out" if len(text) > 2:
            return text[:place] + text[place + 1 :]
        case "turned" if place + 1 < len(text):
            return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:place] + letter + text[place + 1 :]


def _turned(chance: random.Random, values: Values) -> Values:
    year, month, day = values["date_of_birth"].split("-")
    return values | {"date_of_birth": f"{year}-{day}-{month}"} if int(day) <= 12 else _digit(chance, values)


def _digit(chance: random.Random, values: Values) -> Values:
    year, month, day = values["date_of_birth"].split("-")
    if chance.random() < 0.4:
        return values | {"date_of_birth": f"{int(year) + chance.choice((-10, -1, 1, 10))}-{month}-{day}"}
    return values | {"date_of_birth": f"{year}-{month}-{day[0]}{(int(day[1]) + chance.randint(1, 7)) % 8 + 1}"}


def _swapped(_: random.Random, values: Values) -> Values:
    return values | {"given_name": values["family_name"], "family_name": values["given_name"]}


if __name__ == "__main__":
    main()
