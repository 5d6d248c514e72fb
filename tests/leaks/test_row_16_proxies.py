"""Row 16: what proxies and browsers add to a request is neither believed nor answered to."""

import pytest

from .hostile.stand import Stand

PROXIES = (
    ("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "gopher"),
    ("X-Forwarded-User", "root"), ("X-Forwarded-Client-Cert", "x"), ("X-Forwarded-Prefix", "/admin"), ("X-Forwarded", "x"),
    ("Forwarded", "for=127.0.0.1;host=evil.example"), ("X-Real-IP", "127.0.0.1"), ("True-Client-IP", "127.0.0.1"),
    ("X-Client-IP", "127.0.0.1"), ("X-Stena-Grant", "x"), ("X-Organisation", "danube-health"), ("X-User", "root"),
    ("Proxy-Authorization", "Bearer x"), ("X-Middleware-Subrequest", "x"), ("Connection", "close, authorization"),
    ("Connection", "close, processing-purpose"), ("Cookie", "organisation=danube-health"), ("Via", "1.1 evil"),
    ("Accept", "text/html"), ("Range", "bytes=0-3"), ("X-Requested-With", "x"), ("Origin", "https://evil.example"),
    ("Max-Forwards", "0"), ("If-None-Match", "*"), ("TE", "trailers"), ("Keep-Alive", "timeout=99999"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "value"), PROXIES)
async def test_what_proxies_and_browsers_say_changes_nothing(stand: Stand, name: str, value: str) -> None:
    """The answer is what it is without: status, headers and body, but for the names of this one request."""

    def seen(status: int, headers: tuple[tuple[str, str], ...]) -> tuple[int, list[tuple[str, str]]]:
        return status, sorted(each for each in headers if each[0] not in ("traceresponse", "date"))

    without = await stand.get(f"/v1/persons/{stand.person}")
    there = await stand.get(f"/v1/persons/{stand.person}", (name, value))
    assert seen(there.status, there.headers) == seen(without.status, without.headers)
    assert there.status == 200
    assert "evil" not in str(there.headers)
    assert not {header for header, _ in there.headers if header.startswith("access-control")}
