"""The page behind the ``type`` of every problem document, for people and, as JSON, for programs."""

import html
from dataclasses import asdict

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from gateway.openapi.docs_page import POLICY_OF_PAGES
from gateway.problems.problem_type import ProblemType
from gateway.problems.types import PROBLEM_TYPES
from stena.problems import NotFound

_PAGE = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{slug} · Stena</title>
<link rel="stylesheet" href="/docs/assets/page.css"></head>
<body><main>
<p class="status">{status} {title}</p>
<h1>{slug}</h1>
<h2>What it means</h2><p>{meaning}</p>
<h2>What to mend</h2><p>{mend}</p>
<p><a href="/docs">The documentation</a></p>
</main></body></html>
"""


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/problems/{slug}")
    async def problem(slug: str, request: Request) -> Response:
        kind = PROBLEM_TYPES.get(slug)
        if kind is None:
            raise NotFound("There is no problem of this name.")
        if "text/html" not in request.headers.get("accept", ""):
            return JSONResponse({"type": f"/problems/{slug}", **asdict(kind)}, headers={"Vary": "Accept"})
        return HTMLResponse(_page(slug, kind), headers={"Content-Security-Policy": POLICY_OF_PAGES, "Vary": "Accept"})

    return routes


def _page(slug: str, kind: ProblemType) -> str:
    return _PAGE.format(slug=slug, status=kind.status, title=kind.title, meaning=_text(kind.meaning), mend=_text(kind.mend))


def _text(sentence: str) -> str:
    """HTML of a sentence in which backquotes mark code."""
    parts = html.escape(sentence).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
