"""Row 19: what is withheld cannot be asked for in any spelling; doubles, depths and sizes have an end."""

import json

import pytest

from .hostile.stand import Stand, assert_tells_nothing
from .hostile.wire import request

MIB = 1024 * 1024
SEARCH = "/v1/persons/search"
JSON = ("Content-Type", "application/json")


@pytest.mark.parametrize(
    ("query", "slug", "named"),
    [
        ("fields=gender", "attribute-not-disclosed", ["gender"]),
        ("fields=skills,gender", "attribute-not-disclosed", ["gender"]),
        ("fields=gender,email,skills", "attribute-not-disclosed", ["email", "gender"]),
        ("fields=%67ender", "attribute-not-disclosed", ["gender"]),
        ("filter=gender:eq:female", "attribute-not-disclosed", ["gender"]),
        ("filter=skills:has:x&filter=gender:eq:female", "attribute-not-disclosed", ["gender"]),
        ("sort=gender", "attribute-not-disclosed", ["gender"]),
        ("sort=-date_of_birth", "attribute-not-disclosed", ["date_of_birth"]),
        ("fields=*", "unknown-attribute", None),
        ("fields=all", "unknown-attribute", None),
        ("fields=Gender", "unknown-attribute", None),
        ("fields=GENDER", "unknown-attribute", None),
        ("fields=gender%20", "unknown-attribute", None),
        ("fields=%20gender", "unknown-attribute", None),
        ("fields=skills.gender", "unknown-attribute", None),
        ("fields=skills/../gender", "unknown-attribute", None),
        ("fields=-skills", "unknown-attribute", None),
        ("fields=!skills", "unknown-attribute", None),
        ("fields=given_name.latin", "unknown-attribute", None),
        ("fields=gend%D0%B5r", "unknown-attribute", None),
        ("fields=%EF%BD%87ender", "unknown-attribute", None),
        ("fields=gen%E2%80%8Bder", "unknown-attribute", None),
        ("fields=__proto__", "unknown-attribute", None),
        ("fields=constructor", "unknown-attribute", None),
        ("fields=__class__", "unknown-attribute", None),
        ("fields=person_id", "unknown-attribute", None),
        ("fields=region_path", "unknown-attribute", None),
        ("fields=consents", "unknown-attribute", None),
        ("fields=", "unknown-attribute", None),
        ("fields=skills,", "unknown-attribute", None),
        ("filter=restricted:eq:true", "unknown-attribute", None),
        ("filter=assigned:has:danube-health", "unknown-attribute", None),
        ("sort=created_by", "unknown-attribute", None),
        ("sort=--municipality", "unknown-attribute", None),
        ("filter=municipality:eq", "malformed-request", None),
        ("filter=municipality:like:S%25", "malformed-request", None),
        ("filter=municipality::Sofia", "malformed-request", None),
    ],
)
async def test_what_is_withheld_cannot_be_asked_for(untouched: Stand, query: str, slug: str, named: list[str] | None) -> None:
    status = 403 if slug == "attribute-not-disclosed" else 400
    (answer,) = await untouched.refused(request("GET", f"/v1/persons?{query}", untouched.headers()), status=status, slug=slug)
    assert named is None or sorted(answer.problem["attributes"]) == named
    if query.startswith("fields"):
        path = f"/v1/persons/{untouched.person}?{query}"
        await untouched.refused(request("GET", path, untouched.headers()), status=status, slug=slug)


STRANGE = ("__proto__", "constructor", "gender ", " gender", "Gender", "gеnder", "ｇender", "gen\u200bder", "", "a" * 10_000)


def deep(levels: int, opening: bytes = b'{"filters":', closing: bytes = b"}") -> bytes:
    return opening * levels + b"1" + closing * levels


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"limit": 1, "limit": 2}', 400),
        (b'{"fields": ["skills"], "fields": ["gender"]}', 400),
        (b'{"fields": ["skills"], "\\u0066ields": ["gender"]}', 400),
        (b'{"filters": [{"attribute": "skills", "attribute": "gender", "operator": "has", "value": "x"}]}', 400),
        (b'{"fields": ["gender"]}', 403),
        (b'{"fields": ["skills", "gender"]}', 403),
        (b'{"filters": [{"attribute": "gender", "operator": "eq", "value": "female"}]}', 403),
        (b'{"sort": "gender"}', 403),
        (b'{"Fields": ["gender"]}', 400),
        (b'{"attributes": ["gender"]}', 400),
        (b'{"purpose": "health-access"}', 400),
        (b'{"__proto__": {"fields": ["gender"]}}', 400),
        (b'{"rows": true}', 400),
        (b'{"fields": "skills"}', 400),
        (b'{"fields": {"0": "gender"}}', 400),
        (b'{"fields": [["gender"]]}', 400),
        (b'{"limit": "1"}', 400),
        (b'{"limit": true}', 400),
        (b'{"limit": 1.5}', 400),
        (b'{"limit": -0}', 400),
        (b'{"limit": 1e400}', 400),
        (b'{"limit": -1e400}', 400),
        (b'{"limit": 99999999999999999999}', 400),
        (b'{"limit": 0x10}', 400),
        (b'{"limit": 01}', 400),
        (b'{"limit": NaN}', 400),
        (b'{"limit": Infinity}', 400),
        (b'{"limit": +1}', 400),
        (b'{"limit": 1,}', 400),
        (b'{"limit": 1} {}', 400),
        (b'{"limit": 1}\x00', 400),
        (b"{'limit': 1}", 400),
        (b'{"limit": 1} // all', 400),
        (b"\xef\xbb\xbf{}", 400),
        ("{}".encode("utf-16"), 400),
        (b'{"sort": "\xff"}', 400),
        (b'{"sort": "\xed\xa0\x80"}', 400),
        (b'{"sort": "\\ud800"}', 400),
        (b'{"sort": "\\u0000"}', 400),
        (b'{"sort": "a\nb"}', 400),
        (b"", 400),
        (b"null", 400),
        (b"[]", 400),
        (b'"x"', 400),
        (b"7", 400),
        (deep(40), 400),
        (deep(50_000), 400),
        (deep(200_000, b"[", b"]"), 400),
        (b"[" * 500_000, 400),
        (b'{"fields": [' + b'"skills",' * 300 + b'"skills"]}', 400),
        (b'{"filters": [' + b'{"attribute":"skills","operator":"has","value":"x"},' * 30 + b"{}]}", 400),
        (b'{"sort": "' + b"x" * MIB + b'"}', 413),
        (b" " * (MIB + 1), 413),
        (b" " * (10 * MIB), 413),
    ],
)
async def test_a_body_is_plain_and_has_an_end(untouched: Stand, body: bytes, status: int) -> None:
    raw = request("POST", SEARCH, untouched.headers(JSON), body)
    await untouched.refused(raw, status=status)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("Content-Type", "text/plain")], 415),
        ([("Content-Type", "application/json;charset=utf-16")], 415),
        ([("Content-Type", "application/json, text/plain")], 415),
        ([("Content-Type", "application/x-www-form-urlencoded")], 415),
        ([("Content-Type", "multipart/form-data; boundary=x")], 415),
        ([("Content-Type", "application/xml")], 415),
        ([("Content-Type", "application/json; a=b")], 415),
        ([("Content-Type", "")], 415),
        ([], 415),
        ([JSON, ("Content-Encoding", "gzip")], 415),
        ([JSON, ("Content-Encoding", "br")], 415),
        ([JSON, ("Content-Encoding", "deflate")], 415),
        ([JSON, ("Content-Encoding", "identity, gzip")], 415),
        ([JSON, ("Content-Encoding", "gzip"), ("Content-Encoding", "gzip")], 400),
    ],
)
async def test_a_body_is_what_it_says_to_be_and_is_never_unpacked(
    untouched: Stand, headers: list[tuple[str, str]], status: int
) -> None:
    """A kilobyte that unpacks to a gigabyte is refused by its header, unread."""
    await untouched.refused(request("POST", SEARCH, untouched.headers(*headers), b'{"limit": 1}'), status=status)


async def test_a_call_without_a_body_takes_none(untouched: Stand) -> None:
    for method, target in [("GET", "/v1/persons"), ("DELETE", f"/v1/persons/{untouched.person}"), ("GET", "/v1/purposes")]:
        await untouched.refused(request(method, target, untouched.headers(JSON), b'{"fields": ["gender"]}'))


async def test_strange_names_of_attributes_are_stored_nowhere(untouched: Stand) -> None:
    for name in STRANGE:
        body = json.dumps({"attributes": {name: "x"}}).encode()
        answer = await untouched.door.one(request("POST", "/v1/persons", untouched.headers(JSON), body))
        assert answer.status in (400, 403)
        assert_tells_nothing(answer)
