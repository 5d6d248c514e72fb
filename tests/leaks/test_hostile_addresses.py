"""Paths, queries and methods that are almost those of a call: each is refused as what it is, and is never another call."""

import pytest

from gateway.openapi.document import document
from tests.system.house import GATEWAY

from .hostile.stand import Stand, assert_tells_nothing
from .hostile.wire import request
from .target import CATALOGUE

PERSON = "{person}"


@pytest.mark.parametrize(
    "path",
    [
        "/v1%2fpersons", "/%761/persons", "/v1/%70ersons", "/v1/persons%2f{person}", "/v1/persons/{person}%2fnotes",
        "/v1/persons/{person}%00", "/v1/persons/{person}%20", "/v1/persons/%2e/{person}", "/v1/x/%2e%2e/persons",
        "/v1/./persons", "/v1/x/../persons", "/v1/persons/{person}/../{person}", "//v1/persons", "/v1//persons",
        "/v1/persons//{person}", "/v1/persons/{person};v=1", "/v1;x/persons", "/v1\\persons", "/v1/persons/{person}%5c",
        "/v1/persons/%c0%ae%c0%ae/x", "/v1/persons/%c0%af{person}", "/v1/persons/%ff", "/v1/persons/{person}%e2%80%8b",
        "/v1/persons/%ef%bd%90sn_x", "/v1/persons/{person}%0d%0aX:%20y", "/v1/persons/{person}%252fnotes", "*",
        "/v1/persons/" + "a" * 2_000, "/v1/persons/{person}#", "/v1/persons#?limit=1", "/v1/persons/|", "/v1/persons/{person}'",
    ],
)  # fmt: skip
async def test_a_path_is_written_in_one_way(untouched: Stand, path: str) -> None:
    target = path.replace(PERSON, untouched.person)
    for method in ("GET", "DELETE"):
        await untouched.refused(request(method, target, untouched.headers()))


@pytest.mark.parametrize(
    "path",
    [
        "/V1/persons", "/v1/Persons", "/v1/persons/", "/v1/persons/{person}/", "/v1/persons/{person}.", "/v1/persons/{PERSON}",
        "/v1/persons/{person}.json", "/v1/persons/{person}/notes/", "/v2/persons", "/persons", "/v1/persons/psn_", "/v1", "/",
        "/persons/search", "/access/v1/evaluation", "/rulebook", "/metrics", "/v1/persons/{person}/__proto__",
        "/.well-known/authzen-configuration", "/v1/persons/00000000-0000-0000-0000-000000000000",
    ],
)  # fmt: skip
async def test_what_is_almost_an_address_is_none(untouched: Stand, path: str) -> None:
    target = path.replace(PERSON, untouched.person).replace("{PERSON}", untouched.person.upper())
    await untouched.refused(request("GET", target, untouched.headers()), status=404, slug="not-found")


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("limit=1&limit=2", "duplicate-parameter"),
        ("limit=1&%6cimit=2", "duplicate-parameter"),
        ("fields=skills&fields=gender", "duplicate-parameter"),
        ("cursor=a&cursor=b", "duplicate-parameter"),
        ("sort=region&sort=gender", "duplicate-parameter"),
        ("LIMIT=1", "unknown-parameter"),
        ("Fields=gender", "unknown-parameter"),
        ("limit[]=1", "unknown-parameter"),
        ("limit[0]=1", "unknown-parameter"),
        ("fields.gender=1", "unknown-parameter"),
        ("purpose=health-access", "unknown-parameter"),
        ("Processing-Purpose=health-access", "unknown-parameter"),
        ("access_token=x", "unknown-parameter"),
        ("_method=DELETE", "unknown-parameter"),
        ("offset=0", "unknown-parameter"),
        ("operation=match", "unknown-parameter"),
        ("attributes=gender", "unknown-parameter"),
        ("debug=true", "unknown-parameter"),
        ("__proto__=1", "unknown-parameter"),
        ("=1", "unknown-parameter"),
        ("?limit=1", "unknown-parameter"),
        ("limit%00=1", "malformed-request"),
        ("limit=1%00", "malformed-request"),
        ("limit=1;fields=gender", "malformed-request"),
        ("filter=municipality:eq:%ff", "malformed-request"),
        ("filter=municipality:eq:%c0%af", "malformed-request"),
        ("filter=municipality:eq:%ed%a0%80", "malformed-request"),
        ("filter=" + "&filter=".join(["municipality:eq:Sofia"] * 21), "malformed-request"),
        ("filter=municipality:eq:" + "x" * 9_000, "malformed-request"),
        ("limit=%D9%A1", "malformed-request"),
        ("limit=1e2", "malformed-request"),
        ("limit=0x10", "malformed-request"),
        ("limit=-1", "malformed-request"),
        ("limit=9999999999999999999999", "malformed-request"),
        ("limit=NaN", "malformed-request"),
        ("limit=", "malformed-request"),
        ("limit", "malformed-request"),
        ("cursor=", "cursor-invalid"),
        ("cursor=' OR 1=1 --", None),
    ],
)  # fmt: skip
async def test_a_query_says_each_thing_once_and_nothing_else(untouched: Stand, query: str, slug: str | None) -> None:
    await untouched.refused(request("GET", f"/v1/persons?{query}", untouched.headers()), slug=slug)


@pytest.mark.parametrize("path", ["/v1/persons/{person}", "/v1/persons/{person}/notes", "/v1/opportunities", "/v1/purposes"])
async def test_no_call_takes_a_parameter_of_another(untouched: Stand, path: str) -> None:
    target = path.replace(PERSON, untouched.person)
    answers = await untouched.refused(
        request("GET", f"{target}?since=0&Limit=1", untouched.headers()), slug="unknown-parameter"
    )
    assert [fault["pointer"] for fault in answers[0].problem["errors"]] == ["/since", "/Limit"]


async def test_a_method_that_a_call_does_not_have_is_no_call(untouched: Stand) -> None:
    """Every method on every address of the API's document; HEAD would be a read that leaves nothing but its headers."""
    described = document(untouched.door.house.apps[GATEWAY], CATALOGUE, GATEWAY)
    methods = ("HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "PURGE", "GET", "POST", "PUT", "PATCH", "DELETE")
    for template, item in described["paths"].items():
        target = template.replace("{id}", untouched.person)
        for method in methods:
            if "{" in target or method.lower() in item:
                continue
            (answer,) = await untouched.door.send(request(method, target, untouched.headers()))
            # Where another call has the same form of address, this one is a call about nothing.
            assert answer.status in (400, 403, 404, 405), (method, template, answer)
            if method == "HEAD":
                assert answer.body == b""
            else:
                assert_tells_nothing(answer)
