"""How names sound, how records resemble each other, and where they meet."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_svc.attributes import Attributes
from profile_svc.indexing import MEETING, index
from profile_svc.resembling import PROPOSED, distance, resemblance
from profile_svc.sounding import parts, sound

SOUNDS = [
    ("Mohammed", "Muhamad", "Мохамед", "محمد", "Мухаммад"),
    ("Yusuf", "Youssef", "يوسف", "Юсуф"),
    ("Fatima", "Fatemeh", "فاطمة", "Фатима"),
    ("Omar", "Umar", "عمر", "Омар"),
    ("Oleksandr", "Олександр", "Александър", "Aleksandar"),
    ("Yevhen", "Євген", "Evgeni", "Евгени"),
    ("Olha", "Ольга", "Olga"),
    ("Abdulrahman", "Abd al-Rahman", "عبد الرحمن", "Абдулрахман"),
    ("Al-Sayed", "السيد", "El Sayed"),
    ("Zhivko", "Живко", "Jivko"),
]


@pytest.mark.parametrize("names", SOUNDS, ids=[names[0] for names in SOUNDS])
def test_one_name_sounds_alike_in_every_script(names: tuple[str, ...]) -> None:
    assert len({"+".join(map(sound, parts(name))) for name in names}) == 1


def person(given: Any = "Olena", family: Any = "Shevchenko", born: str | None = "1990-04-12", **more: Any) -> dict[str, Any]:
    names = {"given_name": given, "family_name": family}
    latin = {name: {"latin": text} if isinstance(text, str) else text for name, text in names.items()}
    return {**latin, "date_of_birth": born, **more}


@pytest.mark.parametrize(
    ("other", "proposed"),
    [
        (person(), True),
        (person("Olean"), True),  # two letters changed places
        (person("Shevchenko", "Olena"), True),  # the names did
        (person(born="1990-12-04"), True),  # day and month did
        (person(born="1990-04-13"), True),
        (person({"native": "Олена"}, {"native": "Шевченко"}), True),
        (person("Kateryna"), False),  # a sister, perhaps a twin
        (person(born="1961-09-30"), False),  # somebody of the same name
        (person("Ivan", "Petrov"), False),
        (person("Olena", "Kovalenko", national_number="1000000001"), False),
        (person(None, None, None), False),
    ],
)
def test_what_is_proposed(other: dict[str, Any], proposed: bool) -> None:
    assert (resemblance(person(), other).score >= PROPOSED) is proposed


def test_the_same_number_outweighs_a_name_that_changed() -> None:
    number = {"national_number": "1000000001"}
    married = resemblance(person(**number), person("Olena", "Bondar", **number))
    assert married.score >= PROPOSED
    assert married.agreement == {
        "given_name": "same",
        "family_name": "different",
        "date_of_birth": "same",
        "national_number": "same",
    }


def test_who_was_born_on_a_day_that_nobody_knew_is_not_one_by_it() -> None:
    unknown = "1990-01-01"
    known = resemblance(person(), person("Olna")).score
    assert resemblance(person(born=unknown), person("Olna", born=unknown)).score < known


WORDS = st.text(alphabet="abcdефгمحد -", min_size=1, max_size=12)


@given(one=WORDS, other=WORDS, born=st.sampled_from(["1990-04-12", "1990-12-04", "1985-01-01", None]))
def test_resemblance_is_mutual(one: str, other: str, born: str | None) -> None:
    mine, theirs = person(one, other), person(other, one, born)
    assert resemblance(mine, theirs).score == resemblance(theirs, mine).score


@given(one=st.text(max_size=8), other=st.text(max_size=8), third=st.text(max_size=8))
def test_a_distance_is_one(one: str, other: str, third: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert distance(one, other) <= max(len(one), len(other))


def meet(attributes: Attributes, one: dict[str, Any], other: dict[str, Any]) -> bool:
    mine, theirs = (index(each, each, attributes, b"k" * 32) for each in (one, other))
    return any(mine[kind] & theirs[kind] for kind in MEETING)


def test_duplicates_meet_and_others_do_not(attributes: Attributes) -> None:
    assert meet(attributes, person(), person("Олена", "Шевченко"))
    assert meet(attributes, person(), person("Olena", "Kovalenko"))  # the same day and a name: looked at, and then not proposed
    assert not meet(attributes, person(), person("Kateryna", "Bondar", "1990-04-13"))
    assert not meet(attributes, person(None, None, None), person(None, None, None))


def test_nothing_in_the_index_can_be_compared_with_another_house(attributes: Attributes) -> None:
    here, there = (index(person(), person(), attributes, key * 32) for key in (b"a", b"b"))
    assert not any(here[kind] & there[kind] for kind in MEETING)
    tokens = [token for kind in MEETING for token in here[kind]]
    assert len(tokens) == len(set(tokens))
