"""How a name sounds, whatever script and school of transliteration it was written down in. Pure.

It guesses, where ``spelling`` does not: what it gives narrows down whom to compare, and never says that two people are one.
"""

import re
import unicodedata
from typing import Final

from profile_svc.spelling import comparable

_CYRILLIC: Final = (
    dict(zip("абвгдезийклмнопрстуфхыэ", "abvgdeziyklmnoprstufhye", strict=True))
    | {"ж": "j", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ю": "yu", "я": "ya", "ё": "yo", "ъ": "a", "ь": ""}
    | {"і": "i", "ї": "yi", "є": "ye", "ґ": "g", "ў": "u", "ј": "y", "љ": "l", "њ": "n", "ћ": "ch", "ђ": "j", "џ": "j"}
)
# Short vowels are not written, so a name in this script is the skeleton of its consonants already.
_ARABIC: Final = (
    dict(zip("ابتجحدرزسصضطظفقكلمنهويپگکی", "abtjhdrzssdtzfqklmnhwypgky", strict=True))
    | {"آ": "a", "أ": "a", "إ": "i", "ى": "a", "ئ": "y", "ؤ": "w", "ة": "a", "ء": "", "ع": "a"}
    | {"ث": "t", "خ": "kh", "ذ": "d", "ش": "sh", "غ": "g", "چ": "ch", "ژ": "j"}
)
_LATIN: Final = {"ı": "i", "ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "þ": "t", "ð": "d", "ə": "a"}
_LETTERS: Final = str.maketrans({**_CYRILLIC, **_ARABIC, **_LATIN})
_PARTICLES: Final = frozenset({"al", "el", "ul", "bin", "ibn", "ben", "bint", "van", "von", "de", "di"})
_SERVANTS: Final = re.compile(r"\b(abd)[aeu]?l? (?:[aeu]l )?")  # Abd al-Rahman is one name, in one word or three
_ARTICLE: Final = re.compile(r"\bال(?=\w{2})")

# In this order: what several letters stand for, before what one does.
_SOUNDS: Final = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"(.)\1+", r"\1"),
        (r"dsch|dzh|dj|zh", "j"),
        (r"sch|sh", "x"),
        (r"tch|tsh|ch", "c"),
        (r"[kg]h", "h"),
        (r"ph", "f"),
        (r"th", "t"),
        (r"ks", "k"),
        (r"^ye", "e"),
        (r"^(?:y|i(?=[aeou]))", "Y"),
        (r"^w", "v"),
        (r"^[aeiou]", "A"),
        (r"[aeiouyw']", ""),
        (r"q", "k"),
        (r"[gh]", "h"),
        (r"v", "f"),
        (r"h$", ""),
        (r"^Abdl", "Abd"),
    )
)


def parts(name: str) -> tuple[str, ...]:
    """The parts of a name in Latin letters without marks: particles and the article left out, if anything else is there."""
    bare = _ARTICLE.sub("", unicodedata.normalize("NFKC", name).casefold())
    words = _SERVANTS.sub(r"\1", " ".join(_latin(word) for word in re.split(r"[\s\-‐‑–.,]+", bare))).split()
    telling = tuple(word for word in words if word and word not in _PARTICLES)
    return telling or tuple(word for word in words if word)


def sound(part: str) -> str:
    """The skeleton of a part's consonants: the same for Mohammed, Muhamad, Мохамед and محمد. May be empty."""
    for pattern, replacement in _SOUNDS:
        part = pattern.sub(replacement, part)
    return part.lower()


def _latin(word: str) -> str:
    letters = unicodedata.normalize("NFD", comparable("name", word)).translate(_LETTERS)
    return "".join(sign for sign in letters if sign.isascii() and sign.isalnum())
