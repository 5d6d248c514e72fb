"""Pairwise ids: readable by the gateway for exactly one caller, joinable by nobody."""

import base64
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity import PairwiseIds, Reach, Scope, Unreadable, nobody

IDS = PairwiseIds({1: bytes(range(64))})

people = st.uuids().map(str)
scopes = st.builds(Scope, st.sampled_from(["organisation", "purpose"]), st.text(min_size=1), st.text())


def same_name(one: Scope, other: Scope) -> bool:
    """Whether the rulebook wants both callers to know a person by one id."""
    return (one.reach, one.organisation) == (other.reach, other.organisation) and (
        one.reach == "organisation" or one.purpose == other.purpose
    )


@given(people, scopes)
def test_the_caller_for_whom_an_id_was_made_can_use_it(person: str, scope: Scope) -> None:
    assert IDS.open(IDS.name(person, scope), scope) == person


@given(people, scopes)
def test_an_id_is_base32_in_small_letters(person: str, scope: Scope) -> None:
    letters = IDS.name(person, scope).removeprefix("psn_")
    raw = base64.b32decode(letters.upper() + "=")
    assert base64.b32encode(raw).decode().rstrip("=").lower() == letters
    assert len(raw) == 34


@given(people, scopes, scopes)
def test_nobody_else_can_and_nobody_else_gets_the_same(person: str, scope: Scope, other: Scope) -> None:
    name = IDS.name(person, scope)
    if same_name(scope, other):
        assert IDS.name(person, other) == name
        return
    assert IDS.name(person, other) != name
    with pytest.raises(Unreadable):
        IDS.open(name, other)


def test_scopes_do_not_run_together() -> None:
    """organisation "a" with purpose "bc" is not organisation "ab" with purpose "c"."""
    person = str(uuid.uuid4())
    assert IDS.name(person, Scope("purpose", "a", "bc")) != IDS.name(person, Scope("purpose", "ab", "c"))


@given(people, scopes, st.integers(4, 58), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_an_id_that_was_touched_opens_no_more(person: str, scope: Scope, position: int, letter: str) -> None:
    name = IDS.name(person, scope)
    touched = name[:position] + letter + name[position + 1 :]
    if touched != name:
        with pytest.raises(Unreadable):
            IDS.open(touched, scope)


@given(
    st.text() | st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=55, max_size=55).map(lambda text: "psn_" + text)
)
def test_any_text_is_either_an_id_or_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        IDS.open(text, Scope("organisation", "employment-agency", ""))


@pytest.mark.parametrize("reach", ["organisation", "purpose"])
def test_one_id_has_one_spelling(reach: Reach) -> None:
    scope = Scope(reach, "employment-agency", "job-ranking")
    name = IDS.name(str(uuid.uuid4()), scope)
    spare = name[:-1] + {"a": "b"}.get(name[-1], chr(ord(name[-1]) + 1))  # may decode to the same bytes
    for text in (name.upper(), "psn_" + name[4:].upper(), name + "=", " " + name, name + "\n", spare):
        with pytest.raises(Unreadable):
            IDS.open(text, scope)


def test_old_keys_read_for_ever_and_the_highest_writes() -> None:
    person, scope = str(uuid.uuid4()), Scope("organisation", "employment-agency", "")
    old = IDS.name(person, scope)
    turned = PairwiseIds({1: bytes(range(64)), 2: bytes(reversed(range(64)))})
    new = turned.name(person, scope)
    assert new != old
    assert turned.open(old, scope) == turned.open(new, scope) == person
    assert base64.b32decode(new[4:].upper() + "=")[0] == 2
    with pytest.raises(Unreadable):
        IDS.open(new, scope)


@pytest.mark.parametrize("keys", [{}, {0: bytes(64)}, {256: bytes(64)}, {1: bytes(32)}])
def test_keys_that_protect_nothing_are_refused(keys: dict[int, bytes]) -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        PairwiseIds(keys)


keys_by_version = st.dictionaries(st.integers(1, 255), st.binary(min_size=64, max_size=64), min_size=1, max_size=4)


@given(people, scopes, st.lists(keys_by_version, min_size=1, max_size=4))
def test_however_keys_come_every_id_that_was_ever_made_is_read(
    person: str, scope: Scope, learned: list[dict[int, bytes]]
) -> None:
    ids = PairwiseIds(learned[0])
    made = {ids.name(person, scope)}
    for keys in learned:
        before = ids.making
        ids.learn(keys)
        assert ids.making == max(before, max(keys))
        made |= set(ids.names(person, scope))
        assert {ids.open(name, scope) for name in made} == {person}
    assert ids.names(person, scope)[0] == ids.name(person, scope)
    assert len(set(ids.names(person, scope))) == len(ids.versions)


@given(people, scopes, st.integers(1, 255), st.integers(1, 255))
def test_a_version_cannot_be_talked_into_an_id(person: str, scope: Scope, version: int, other: int) -> None:
    ids = PairwiseIds(dict.fromkeys((version, other), bytes(range(64))))  # even if an operator has copied the key
    raw = bytearray(base64.b32decode(ids.name(person, scope, version)[4:].upper() + "="))
    raw[0] = other
    forged = "psn_" + base64.b32encode(raw).decode().rstrip("=").lower()
    if other != version:
        with pytest.raises(Unreadable):
            ids.open(forged, scope)


def test_a_staged_version_reads_and_makes_nothing() -> None:
    person, scope = str(uuid.uuid4()), Scope("organisation", "employment-agency", "")
    activated = PairwiseIds({1: bytes(range(64)), 2: bytes(64)})
    ids = PairwiseIds({1: bytes(range(64)), 2: bytes(64)}, making=1)
    assert ids.open(activated.name(person, scope), scope) == person
    assert ids.name(person, scope) == IDS.name(person, scope)
    ids.learn({1: bytes(range(64)), 2: bytes(64)}, making=2)
    assert ids.name(person, scope) == activated.name(person, scope)
    ids.learn({1: bytes(range(64))}, making=1)
    assert (ids.making, ids.versions) == (2, (1, 2))


def test_a_version_without_a_key_makes_nothing() -> None:
    with pytest.raises(ValueError, match="without a key"):
        PairwiseIds({1: bytes(64)}, making=2)


def test_what_is_unreadable_is_the_same_nobody_each_time() -> None:
    """The ledger remembers whom it has written of: an id that was somebody new at each call would take longer at each."""
    assert nobody("psn_a") == nobody("psn_a") != nobody("psn_b")
    assert uuid.UUID(nobody("\udcff")).version == 4
