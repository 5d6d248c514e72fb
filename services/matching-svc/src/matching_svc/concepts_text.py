"""What people type and what labels say, brought to one spelling, so that the two can be compared. Pure.

Case, accents and punctuation go; Cyrillic becomes Latin letter by letter (Bulgarian, Ukrainian and Russian alike), so that a
word is found whichever of the two scripts it was typed in; Arabic loses its vowel signs and its variants of one letter.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

_CYRILLIC: Final[Mapping[str, str]] = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "i", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "h",
    "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sht", "ъ": "a", "ь": "", "ю": "iu", "я": "ia",
    "ы": "i", "э": "e", "ё": "e", "є": "ie", "і": "i", "ї": "i", "ґ": "g", "ј": "i", "ѝ": "i",
}  # fmt: skip
_ARABIC: Final[Mapping[str, str]] = {
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا",  # alef with and without its signs
    "ى": "ي", "ی": "ي", "ئ": "ي",  # yeh as Arabic, Persian and the end of a word write it
    "ة": "ه", "ؤ": "و", "ک": "ك", "ـ": "",
}  # fmt: skip
_OTHERS: Final[Mapping[str, str]] = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i"}
_LETTERS: Final = str.maketrans({**_CYRILLIC, **_ARABIC, **_OTHERS})
_WORD: Final = re.compile(r"[^\W_]+")


def key(text: str) -> str:
    """The words of ``text`` in the common spelling, with single spaces between them; empty if there is none."""
    if text.isascii():
        return " ".join(_WORD.findall(text.lower()))
    composed = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).translate(_LETTERS)
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", composed) if not unicodedata.combining(letter))
    return " ".join(_WORD.findall(bare.translate(_LETTERS)))
