"""When two texts are the same value: one spelling of names, numbers and addresses, for every way of writing them. Pure.

It tells apart what people tell apart. It guesses nothing: no transliteration, no similar sound, no typing mistakes.
"""

import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from stena.contracts.catalogue import LookupKind

# Ways to write an apostrophe. NFKC would turn some of them into a blank and an accent, so they go first.
_APOSTROPHES: Final = dict.fromkeys(map(ord, "'`´‘’‛′ʹʻʼʽʾʿˈꞌ＇՚׳"))
# Letters that Arabic and Persian keyboards write differently and readers do not, and the stroke that only makes words longer.
_ARABIC: Final = {ord("ي"): "ی", ord("ى"): "ی", ord("ك"): "ک", ord("ـ"): None}
# Marks that stay beside their letter: the stress that dictionaries put on Cyrillic, and the dot that casefold takes off İ.
_LOOSE_MARKS: Final = frozenset("\u0301\u0307")
# Combining classes of the vowel points of Hebrew, Arabic and Syriac, which most people leave out.
_POINTS: Final = range(10, 37)


def comparable(kind: LookupKind, text: str) -> str:
    """The one spelling of ``text``; empty where nothing of it is left to be compared."""
    return _KINDS[kind](text)


def _folded(text: str) -> str:
    """Unicode's toNFKC_Casefold: presentation forms, full widths and capitals are the same letters."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def _phone(text: str) -> str:
    """The digits of E.164, in whichever script. No country's code begins with a zero, so two of them stand for the plus."""
    return "".join(str(unicodedata.decimal(sign)) for sign in text if sign.isdecimal()).removeprefix("00")


def _name(text: str) -> str:
    """Letters and digits with the marks that belong to them; blanks, hyphens, apostrophes and invisible signs are nothing."""
    letters = _folded(unicodedata.normalize("NFC", text).translate(_APOSTROPHES)).translate(_ARABIC)
    return "".join(filter(_tells_names_apart, letters))


def _tells_names_apart(sign: str) -> bool:
    if unicodedata.category(sign)[0] == "M":
        return sign not in _LOOSE_MARKS and unicodedata.combining(sign) not in _POINTS
    return sign.isalnum()


_KINDS: Final[Mapping[LookupKind, Callable[[str], str]]] = {
    "exact": _folded,
    "phone": _phone,
    "email": _folded,
    "name": _name,
}
