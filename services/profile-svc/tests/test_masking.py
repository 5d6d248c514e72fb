"""What is about others is not readable, and what is the person's own stays."""

import pytest

from profile_svc.masking import MASK, masked, stands_in, words

OWN = frozenset({"olena", "koval", "0888123456", "olena@example.org"})
OTHERS = frozenset({"maria", "محمد", "oneillsmith", "надежда", "koval"})


@pytest.mark.parametrize(
    "telling",
    [
        "+359 88 765 4321", "0888 765 432", "02 987-65-43", "m.petrova@example.org", "@mpetrova", "https://example.org/maria",
        "www.example.org", "8001011234", "AB1234567", "12.03.1985", "٠٨٨٨٧٦٥٤٣٢",
    ],
)  # fmt: skip
def test_what_reaches_or_numbers_somebody_is_masked(telling: str) -> None:
    assert masked(f"Call {telling} now.", (), OWN, OTHERS) == f"Call {MASK} now."


@pytest.mark.parametrize("own", ["0888123456", "olena@example.org", "Olena", "OLENA", "Koval"])
def test_what_is_the_persons_own_stays(own: str) -> None:
    assert masked(f"It is {own} herself.", (), OWN, OTHERS) == f"It is {own} herself."


@pytest.mark.parametrize("name", ["Maria", "MARIA", "محمد", "O'Neill-Smith", "O’Neill-Smith", "Надежда"])
def test_names_of_others_here_are_masked_however_they_are_written(name: str) -> None:
    assert masked(f"With {name}, at school.", (), OWN, OTHERS) == f"With {MASK}, at school."


@pytest.mark.parametrize("text", ["Speaks well of the school.", "има надежда", "room 12, at 14:30, twice a week", "3 children"])
def test_ordinary_words_stay(text: str) -> None:
    assert masked(text, (), OWN, OTHERS) == text


def test_what_the_writer_marked_goes_whatever_its_capitals_and_blanks() -> None:
    text = "Her sister's  Landlord, the tall man, and her SISTER's landlord again."
    assert masked(text, ["her sister's landlord"], OWN, OTHERS) == f"{MASK}, the tall man, and {MASK} again."
    assert stands_in("The  tall man", text)
    assert not stands_in("the small man", text)


def test_marks_are_words_and_no_patterns() -> None:
    assert masked("a.c and abc", ["a.c"], OWN, OTHERS) == f"{MASK} and abc"


def test_only_what_could_be_a_name_is_looked_up() -> None:
    assert words("Maria came late; محمد did not. O'Neill was there, and 42 others") == {"maria", "محمد", "did", "oneill"} - {
        "did"
    }
