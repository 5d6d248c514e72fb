"""Values that stand nowhere else, and a search for them in whatever comes back, however it is written there.

A canary is a text that was made for one value of one person. Booleans, codes and the like cannot hold one: for them there
are twin worlds.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Final
from urllib.parse import quote
from uuid import UUID

import re2

_CYRILLIC: Final = str.maketrans("0123456789", "абвгдежзик")
_MOST_MEMORY: Final = 1 << 29


@dataclass(frozen=True, slots=True)
class Canary:
    """``text`` was given to ``person`` in what ``carriers`` name: attributes, or ``note of ORGANISATION`` and the like.

    It may be seen by whoever may see one of them.
    """

    person: str
    carriers: frozenset[str]
    text: str


@dataclass
class Mint:
    """Makes the canaries of one person; ``number`` tells the people of one run apart."""

    person: str
    number: int
    made: list[Canary] = field(default_factory=list)
    _next: Iterator[int] = field(default_factory=lambda: count(1))

    def text(self, *carriers: str, form: str = "{}") -> str:
        return self._keep(carriers, form.format(self._token()))

    def native(self, *carriers: str) -> str:
        """In Cyrillic: JSON, addresses and CSV may write that in other letters."""
        return self._keep(carriers, f"Канар{self._serial().translate(_CYRILLIC)}")

    def phone(self, *carriers: str) -> str:
        return self._keep(carriers, f"+35970{self._serial()}"[:15])

    def concept(self, scheme: str, *carriers: str) -> str:
        """An address in ESCO's namespace that ESCO does not use."""
        made = UUID(int=0xCA << 120 | int(self._serial()))
        self._keep(carriers, str(made))
        return f"http://data.europa.eu/esco/{scheme}/{made}"

    def day(self, year: int, *carriers: str) -> str:
        """A day that nobody else has in that year: each year serves for one attribute, and a year for 365 people."""
        return self._keep(carriers, (date(year, 1, 1) + timedelta(days=self.number)).isoformat())

    def _serial(self) -> str:
        return f"{self.number:03}{next(self._next):03}"

    def _token(self) -> str:
        return f"cnry{self._serial()}z"

    def _keep(self, carriers: Sequence[str], text: str) -> str:
        self.made.append(Canary(self.person, frozenset(carriers), text))
        return text


class Finder:
    """Finds canaries in any text: in either case, and written as JSON, an address, base64 or hexadecimal digits."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self._canaries = tuple(canaries)
        texts = [canary.text for canary in self._canaries]
        if doubled := {text for text in texts if texts.count(text) > 1}:
            raise ValueError(f"not unique: {sorted(doubled)}")
        self._folded = _Patterns([{form.casefold() for form in _spellings(text)} for text in texts])
        self._exact = _Patterns([_in_base64(text) for text in texts])

    def __call__(self, haystack: str) -> list[Canary]:
        found = self._folded(haystack.casefold()) | self._exact(haystack)
        return [self._canaries[index] for index in sorted(found)]


class _Patterns:
    def __init__(self, forms: Sequence[set[str]]) -> None:
        options = re2.Options()
        options.max_mem = _MOST_MEMORY
        self._owner: list[int] = []
        self._set = re2.Set.SearchSet(options)
        for index, each in enumerate(forms):
            for form in sorted(each):
                self._set.Add(re2.escape(form))
                self._owner.append(index)
        self._set.Compile()

    def __call__(self, haystack: str) -> set[int]:
        return {self._owner[index] for index in self._set.Match(haystack) or ()}


def _spellings(text: str) -> set[str]:
    return {text, json.dumps(text)[1:-1], quote(text, safe=""), text.encode().hex()}


def _in_base64(text: str) -> set[str]:
    """What of ``text`` surely stands in the base64 of anything that holds it, wherever it begins."""
    forms = set[str]()
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + text.encode()).decode().rstrip("=")
        certain = whole[(8 * before + 5) // 6 : (8 * (before + len(text.encode()))) // 6]
        forms |= {certain, certain.replace("+", "-").replace("/", "_")}
    return forms
