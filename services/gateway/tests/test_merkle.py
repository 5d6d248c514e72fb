"""The tree against the test vectors of Certificate Transparency, and against RFC 9162 written out plainly."""

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.record import merkle

# The entries, heads and proofs that implementations of RFC 6962 have in common.
INPUTS = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSIONS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CONSISTENCIES = {
    (1, 8): INCLUSIONS[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
LEAVES = [merkle.leaf_hash(each) for each in INPUTS]


def taken(leaves: Sequence[bytes], subtrees: Sequence[merkle.Subtree]) -> list[bytes]:
    """As whoever stores a tree gives the hashes of a proof: from complete subtrees."""

    def part(level: int, index: int) -> bytes:
        return merkle.root_of(leaves[index << level : (index + 1) << level])

    return [merkle.folded([part(*each) for each in merkle.complete_parts(subtree)]) for subtree in subtrees]


@pytest.mark.parametrize("size", range(9))
def test_heads_of_certificate_transparency(size: int) -> None:
    assert merkle.root_of(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSIONS)
def test_inclusion_proofs_of_certificate_transparency(index: int, size: int) -> None:
    path = taken(LEAVES, merkle.inclusion(index, size))
    assert [each.hex() for each in path] == INCLUSIONS[index, size]
    assert merkle.includes(bytes.fromhex(ROOTS[size]), size, index, LEAVES[index], path)


@pytest.mark.parametrize(("first", "second"), CONSISTENCIES)
def test_consistency_proofs_of_certificate_transparency(first: int, second: int) -> None:
    path = taken(LEAVES, merkle.consistency(first, second))
    assert [each.hex() for each in path] == CONSISTENCIES[first, second]
    assert merkle.extends(first, bytes.fromhex(ROOTS[first]), second, bytes.fromhex(ROOTS[second]), path)


# RFC 9162, section 2.1, as it is written there: slow, and easy to compare with the text.


def mth(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    k = left(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path_of(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = left(len(leaves))
    if m < k:
        return [*path_of(m, leaves[:k]), mth(leaves[k:])]
    return [*path_of(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], known: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if known else [mth(leaves)]
    k = left(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], known), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def left(size: int) -> int:
    return max(1 << power for power in range(size.bit_length()) if 1 << power < size)


def leaves_of(size: int) -> list[bytes]:
    return [sha256(bytes([each % 256, each // 256])).digest() for each in range(size)]


SIZES = st.integers(min_value=1, max_value=300)


@given(SIZES, st.data())
def test_an_inclusion_is_what_the_rfc_says_and_proves_no_other_leaf(size: int, data: st.DataObject) -> None:
    leaves, index = leaves_of(size), data.draw(st.integers(0, size - 1))
    root, path = mth(leaves), taken(leaves, merkle.inclusion(index, size))
    assert path == path_of(index, leaves)
    assert merkle.includes(root, size, index, leaves[index], path)
    assert not merkle.includes(root, size, index, sha256(b"another").digest(), path)
    assert not merkle.includes(root, size, index, leaves[index], [*path, path[-1] if path else root])
    other = data.draw(st.integers(0, size))
    assert other == index or not merkle.includes(root, size, other, leaves[index], path)


@given(SIZES, st.data())
def test_a_consistency_is_what_the_rfc_says_and_proves_no_other_past(size: int, data: st.DataObject) -> None:
    leaves, first = leaves_of(size), data.draw(st.integers(1, size))
    roots = mth(leaves[:first]), mth(leaves)
    path = taken(leaves, merkle.consistency(first, size))
    assert path == subproof(first, leaves, True)
    assert merkle.extends(first, roots[0], size, roots[1], path)
    forged = mth([sha256(b"another").digest(), *leaves[1:first]])
    assert not merkle.extends(first, forged, size, roots[1], path)
    assert path == [] or not merkle.extends(first, roots[0], size, roots[1], path[1:])


@given(SIZES, st.data())
def test_a_tree_grows_from_where_it_stood(size: int, data: st.DataObject) -> None:
    leaves, stood = leaves_of(size), data.draw(st.integers(0, size))
    began, completed = merkle.Growing(), []
    for leaf in leaves[:stood]:
        completed += began.add(leaf)
    later = merkle.Growing(began.size, began.peaks)
    for leaf in leaves[stood:]:
        completed += later.add(leaf)
    assert (later.size, later.root()) == (size, mth(leaves))
    assert len(completed) == len(set(completed))
    for level, index, hashed in completed:
        assert hashed == mth(leaves[index << level : (index + 1) << level])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        merkle.inclusion(index, size)
    assert not merkle.includes(merkle.EMPTY, size, index, LEAVES[0], [])
