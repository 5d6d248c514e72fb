"""Sealed values open for nobody but their own person, and not even their length tells."""

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from profile_svc.sealing import CannotOpen, MasterKey

PERSON, OTHER = UUID(int=1), UUID(int=2)


def test_a_value_opens_as_what_it_was_sealed_as_and_as_nothing_else() -> None:
    key, _ = MasterKey(bytes(32)).make_person_key(PERSON)
    sealed = key.seal("gender", "female")
    assert key.unseal("gender", sealed) == "female"
    with pytest.raises(CannotOpen):
        key.unseal("religion", sealed)
    with pytest.raises(CannotOpen):
        key.unseal("gender", sealed[:-8] + "AAAAAAA=")


def test_a_person_key_opens_only_as_that_persons_and_under_its_master_key() -> None:
    master = MasterKey(bytes(32))
    key, wrapped = master.make_person_key(PERSON)
    sealed = key.seal("gender", "female")
    assert master.unwrap(PERSON, wrapped).unseal("gender", sealed) == "female"
    with pytest.raises(CannotOpen):
        master.unwrap(OTHER, wrapped)
    with pytest.raises(CannotOpen):
        MasterKey(b"x" * 32).unwrap(PERSON, wrapped)


def test_equal_values_look_different_and_unequal_ones_are_as_long() -> None:
    key, _ = MasterKey(bytes(32)).make_person_key(uuid7())
    sealed = [key.seal("gender", value) for value in ("male", "male", "non-binary")]
    assert len(set(sealed)) == 3
    assert len(set(map(len, sealed))) == 1
