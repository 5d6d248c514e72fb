"""The shapes of what the ledger proves: signed heads, keys, and proofs. Hashes and numbers, and no word of an entry."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from gateway.views.people import Shown

ENTRY_ID = "0199d7a4-c0de-7000-a1b2-c3d4e5f60718"
_HASH = "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c"

Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, hexadecimal.", examples=[_HASH])]
Size = Annotated[int, Field(ge=0, description="So many entries, the first ones.", examples=[1000])]


class HeadView(Shown):
    size: Size
    root: Hash
    at: datetime
    jws: str = Field(
        description="The same, signed (RFC 7515, Ed25519). Believe what is inside it, not what stands beside it.",
        examples=["eyJhbGciOiJFZDI1NTE5In0.eyJzaXplIjoxMDAwfQ.c2lnbmF0dXJl"],
    )


class NumberedHeadView(HeadView):
    number: int = Field(ge=1, examples=[17])


class HeadPage(Shown):
    heads: list[NumberedHeadView]
    next: int | None = Field(description="`before` of the page after this one.", examples=[17])


class LedgerKeyView(Shown):
    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str = Field(examples=["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"])
    kid: str = Field(examples=["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"])
    vouched: str | None = Field(
        default=None,
        description="Of all but the first: `crv`, `kty` and `x`, signed by an earlier one (RFC 7515, `typ` stena-ledger-key).",
    )


class LedgerKeys(Shown):
    keys: list[LedgerKeyView]


class InclusionView(Shown):
    """Leaf `position` is below `head`: RFC 9162, section 2.1.3."""

    position: int = Field(ge=0, examples=[17])
    leaf: Hash
    path: list[Hash]
    head: HeadView


class ConsistencyView(Shown):
    """The tree of `second` entries begins with the one of `first`: RFC 9162, section 2.1.4."""

    first: Size
    second: Size
    path: list[Hash]
