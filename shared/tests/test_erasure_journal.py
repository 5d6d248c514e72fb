"""The journal of erasures: what was written is there, and whatever was taken away or changed is seen."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from stena.erasure_journal import NAME, START, Journal, JournalError, Mark

AT = datetime(2026, 1, 1, tzinfo=UTC)
KEY = bytes(32)
PEOPLE = [uuid4() for _ in range(5)]

Spoil = Callable[[list[bytes]], list[bytes]]


def opened(folder: Path, *known: Mark, key: bytes = KEY) -> Journal:
    journal = Journal(folder, key)
    journal.open(known, AT)
    return journal


def written(folder: Path) -> Journal:
    journal = opened(folder)
    journal.append(PEOPLE[:2], "asked", AT)
    journal.append(PEOPLE[2:], "retention", AT)
    return journal


def people(journal: Journal, mark: Mark = START) -> list[UUID | None]:
    return [line.person for line in journal.after(mark)]


def test_what_was_written_is_read_by_another_from_any_place(tmp_path: Path) -> None:
    journal = written(tmp_path)
    other = opened(tmp_path, journal.last)
    assert people(other) == [None, *PEOPLE]
    third = list(other.after(START))[3].mark
    assert people(other, third) == PEOPLE[3:]
    assert people(other, other.last) == []


def test_those_who_write_at_once_take_turns_and_read_each_other(tmp_path: Path) -> None:
    journals = [opened(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for journal in journals * 5:
            pool.submit(journal.append, [uuid4()], "asked", AT).result()
        list(pool.map(lambda journal: [journal.append([uuid4()], "asked", AT) for _ in range(5)], journals))
    assert opened(tmp_path).last.number == 40


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: lines[:2] + lines[3:],
        lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
        lambda lines: [*lines[:3], lines[3].replace(b"retention", b"asked"), *lines[4:]],
        lambda lines: [*lines[:3], lines[2], *lines[3:]],
        lambda lines: lines[1:],
        lambda lines: [*lines, b"{}\n"],
    ],
    ids=["lost", "in another order", "changed", "twice", "without a beginning", "not written by us"],
)
def test_a_line_that_does_not_follow_from_the_one_before_is_seen(tmp_path: Path, spoil: Spoil) -> None:
    written(tmp_path)
    file = tmp_path / NAME
    file.write_bytes(b"".join(spoil(file.read_bytes().splitlines(keepends=True))))
    with pytest.raises(JournalError, match="does not follow"):
        opened(tmp_path)


def test_lines_lost_at_the_end_are_seen_by_who_knows_of_them(tmp_path: Path) -> None:
    last = written(tmp_path).last
    file = tmp_path / NAME
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(JournalError, match="ends with line 4, and the databases here know of line 5"):
        opened(tmp_path, last)
    file.unlink()
    with pytest.raises(JournalError, match="is missing"):
        opened(tmp_path, last)
    assert not file.exists()


def test_the_journal_of_others_and_the_key_of_others_are_refused(tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        written(tmp_path / name)
    ours = opened(tmp_path / "ours").last
    with pytest.raises(JournalError, match="other databases"):
        opened(tmp_path / "theirs", ours)
    with pytest.raises(JournalError, match="key of the journal is another"):
        opened(tmp_path / "ours", ours, key=b"x" * 32)


def test_a_piece_of_a_line_is_none_and_gives_way_to_the_next(tmp_path: Path) -> None:
    journal = written(tmp_path)
    with (tmp_path / NAME).open("ab") as file:
        file.write(b'{"number":6,"at":"20')
    assert opened(tmp_path, journal.last).last == journal.last
    journal.append([PEOPLE[0]], "asked", AT)
    assert people(opened(tmp_path, journal.last)) == [None, *PEOPLE, PEOPLE[0]]


def test_a_journal_that_went_while_it_was_in_use_is_not_begun_anew(tmp_path: Path) -> None:
    journal = written(tmp_path)
    (tmp_path / NAME).unlink()
    with pytest.raises(JournalError, match="Nobody is erased without it"):
        journal.append([PEOPLE[0]], "asked", AT)
    assert not (tmp_path / NAME).exists()
