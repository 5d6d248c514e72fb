"""What of a note is about others, made unreadable before the person reads it (GDPR Art 15(4)). Pure.

INVARIANT: this is the second net, never the first: a note that its writer did not release is not shown at all. What may be
about somebody else is masked, and the length of a mask says nothing.
"""

import re
from collections.abc import Collection, Iterable
from typing import Final

from profile_svc.spelling import comparable

MASK: Final = "█████"

_WORD: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|['’ʼ\-](?=[^\W\d_])|[\u0300-\u036f\u0610-\u061a\u064b-\u065f])*")
# Whatever reaches or names somebody: addresses, handles, links, and numbers long enough to be one's own.
_REACHES: Final = re.compile(
    r"https?://\S+|www\.\S+|[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)*|(?<!\w)@\w{2,}|\+?[\w/]*\d(?:[\s().\-/]{0,2}[\w]*\d){4,}\w*",
)


def words(text: str) -> frozenset[str]:
    """The spellings of everything in ``text`` that could be somebody's name: capitalised, or of a script without capitals."""
    return frozenset(spelling for found in _names(text) for spelling in [comparable("name", found)] if spelling)


def masked(text: str, marked: Iterable[str], own: Collection[str], others: Collection[str]) -> str:
    """``text`` without what its writer ``marked``, without the names in ``others``, and without addresses and numbers.

    ``own`` and ``others`` are comparable spellings: what is the person's own stays.
    """
    for phrase in sorted(marked, key=len, reverse=True):
        text = _phrase(phrase).sub(MASK, text)
    text = _REACHES.sub(lambda found: found[0] if _is_own(found[0], own) else MASK, text)
    return _WORD.sub(lambda found: MASK if _is_other(found[0], own, others) else found[0], text)


def stands_in(phrase: str, text: str) -> bool:
    """Whether a marked phrase is found in the text, whatever its capitals and blanks."""
    return _phrase(phrase).search(text) is not None


def _phrase(phrase: str) -> re.Pattern[str]:
    return re.compile(r"\s+".join(map(re.escape, phrase.split())), re.IGNORECASE)


def _names(text: str) -> list[str]:
    return [found[0] for found in _WORD.finditer(text) if not found[0][0].islower()]


def _is_other(word: str, own: Collection[str], others: Collection[str]) -> bool:
    if word[0].islower():
        return False
    spelling = comparable("name", word)
    return spelling in others and spelling not in own


def _is_own(text: str, own: Collection[str]) -> bool:
    return any(comparable(kind, text) in own for kind in ("phone", "email", "exact"))
