"""Which texts are one and the same value, in the scripts in which people here write."""

import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_svc.spelling import comparable
from stena.contracts.catalogue import LookupKind

SAME = [
    ("name", "Олена", "ОЛЕНА"),
    ("name", "Мар'яна", "Мар’яна"),  # Ukrainian: three ways to type an apostrophe
    ("name", "Мар'яна", "Марʼяна"),
    ("name", "Їжакевич", "І\u0308жакевич"),  # composed and decomposed
    ("name", "Йорданка", "И\u0306орданка"),  # Bulgarian
    ("name", "Анна-Мария", "анна мария"),
    ("name", "Ива\u0301нов", "Иванов"),  # a stress mark
    ("name", "ليلى", "\ufedf\ufef4\ufee0\ufef0"),  # Arabic presentation forms
    ("name", "علا", "ع\ufefb"),  # and a ligature
    ("name", "مُحَمَّد", "محمد"),  # vowel signs
    ("name", "محـــمد", "محمد"),  # a stroke for length
    ("name", "علی‌رضا", "علی رضا"),  # Persian: a joiner that is not seen, or a blank
    ("name", "علي", "علی"),  # of an Arabic and of a Persian keyboard
    ("name", "O'Neil", "O´NEIL"),
    ("name", "Straße", "STRASSE"),
    ("name", "İbrahim", "ibrahim"),
    ("name", "Ｌａｙｌａ", "layla"),
    ("name", "ʿAlī", "alī"),
    ("phone", "+359888000000", "00359 888 000-000"),
    ("phone", "+359888000000", "(+359) 888 000 000"),
    ("phone", "+359888000000", "+٣٥٩٨٨٨٠٠٠٠٠٠"),
    ("email", "Olena@Example.ORG", " olena@example.org"),
    ("exact", "ab-1000000001", "AB-1000000001"),
]
DIFFERENT = [
    ("name", "Иванов", "Иванова"),
    ("name", "Ілля", "Илля"),
    ("name", "Зоя", "Зоа"),
    ("name", "Йоан", "Иоан"),
    ("name", "Olena", "Олена"),
    ("name", "Žižka", "Zizka"),
    ("name", "रवि", "रव"),  # a vowel that is a mark, and part of the name
    ("name", "ليلى", "ليل"),
    ("phone", "+359888000000", "0888000000"),
    ("email", "olena@example.org", "o.lena@example.org"),
    ("exact", "1000-000001", "1000000001"),
]


@pytest.mark.parametrize(("kind", "one", "other"), SAME)
def test_two_ways_of_writing_one_value(kind: LookupKind, one: str, other: str) -> None:
    assert comparable(kind, one) == comparable(kind, other) != ""


@pytest.mark.parametrize(("kind", "one", "other"), DIFFERENT)
def test_two_values(kind: LookupKind, one: str, other: str) -> None:
    assert comparable(kind, one) != comparable(kind, other)


@given(st.sampled_from(["exact", "phone", "email", "name"]), st.text(max_size=40), st.sampled_from(["NFC", "NFD"]))
def test_how_a_text_was_composed_makes_no_difference(kind: LookupKind, text: str, form: Literal["NFC", "NFD"]) -> None:
    assert comparable(kind, unicodedata.normalize(form, text)) == comparable(kind, text)


@pytest.mark.parametrize(("kind", "text"), [("name", "- ’"), ("name", "\u200f"), ("phone", "+"), ("exact", "  ")])
def test_of_some_texts_nothing_is_left(kind: LookupKind, text: str) -> None:
    assert comparable(kind, text) == ""
