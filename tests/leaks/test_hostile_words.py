"""Texts that look like others, or that another program would read differently: taken by the letter, or refused."""

import pytest

from .hostile.stand import Stand
from .hostile.wire import request

CONFUSABLE = {
    "a Cyrillic о": "jоb-ranking",
    "fullwidth letters": "ｊob-ranking",
    "a space of no width": "job\u200b-ranking",
    "a joiner": "job\u2060-ranking",
    "a soft hyphen": "job\u00adranking",
    "another hyphen": "job‐ranking",
    "a minus": "job−ranking",
    "a combining mark": "jo\u0301b-ranking",
    "right to left": "\u202egniknar-boj",
    "a dotless ı": "job-rankıng",
    "a no-break space": "\u00a0job-ranking",
    "a byte order mark": "\ufeffjob-ranking",
    "a tag character": "job-ranking\U000e0061",
}


@pytest.mark.parametrize("how", CONFUSABLE)
async def test_a_purpose_that_only_looks_right_is_none(untouched: Stand, how: str) -> None:
    """Raw bytes in UTF-8, percent-encoded, and in Latin-1 where it has them."""
    text = CONFUSABLE[how]
    spellings = [text.encode(), "".join(f"%{byte:02x}" for byte in text.encode()).encode()]
    for spelling in spellings:
        answers = await untouched.door.send(request("GET", "/v1/persons?limit=1", untouched.headers(purpose=spelling)))
        assert [answer.status for answer in answers] in ([400], [403])


@pytest.mark.parametrize(
    "told", [b"%00", b"a%0d%0aX: y", b"%ff", b"%c0%af", b"%ed%a0%80", b"\xff", b"%7f", b"%1b[31m", b"%d", b"100%", b"a" * 5_000]
)
@pytest.mark.parametrize("header", ["Case-Reference", "Acting-User", "Access-Justification"])
async def test_what_goes_into_the_ledger_is_text_of_a_bounded_length(untouched: Stand, header: str, told: bytes) -> None:
    await untouched.refused(request("GET", "/v1/persons?limit=1", untouched.headers((header, told))))


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 129, "é", "a\tb", "%00"])
async def test_an_idempotency_key_is_visible_and_short(untouched: Stand, key: str) -> None:
    raw = request(
        "POST", "/v1/persons", untouched.headers(("Idempotency-Key", key), ("Content-Type", "application/json")), b"{"
    )
    await untouched.refused(raw)


@pytest.mark.parametrize(
    "person",
    ["psn_", "psn_" + "a" * 54, "psn_" + "a" * 56, "PSN_" + "a" * 55, "psn_" + "A" * 55, "psn_" + "1" * 55, "psn-" + "a" * 55,
     "null", "undefined", "me", "self", "0", "-1", "00000000-0000-0000-0000-000000000000", "__proto__", "constructor"],
)  # fmt: skip
async def test_what_is_no_id_is_nobody(untouched: Stand, person: str) -> None:
    await untouched.refused(request("GET", f"/v1/persons/{person}", untouched.headers()), status=404, slug="not-found")


async def test_an_id_has_one_spelling(untouched: Stand) -> None:
    """Not even its last letter, of which not all bits count, may be another one."""
    body, last = untouched.person[:-1], untouched.person[-1]
    for other in "abcdefghijklmnopqrstuvwxyz234567":
        if other != last:
            await untouched.refused(request("GET", f"/v1/persons/{body}{other}", untouched.headers()), status=404)
