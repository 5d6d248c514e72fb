"""What is about nobody and open to whoever has a token, or to everybody."""

from tests.leaks.asking import Stand

from .common import Effort


async def about_nobody(stand: Stand, effort: Effort) -> None:
    for where in (
        "/v1/purposes",
        "/v1/attributes",
        "/v1/register",
        "/v1/concepts?q=%D0%B7%D0%B8%D0%B4",
        "/.well-known/oauth-authorization-server",
        "/.well-known/jwks.json",
        "/openapi.json",
    ):
        await stand.ask("about nobody", "GET", where, status=200)
    await stand.ask("proposals", "POST", "/v1/opportunities/proposals", status=200, json={"title": "Bus driver, night lines"})
