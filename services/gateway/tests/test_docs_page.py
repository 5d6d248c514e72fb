"""The pages for people: nothing from another host, nothing served that is not meant to be."""

import ast
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gateway.openapi import docs_page
from gateway.problems import pages as problem_pages
from gateway.problems.types import PROBLEM_TYPES
from stena import problems

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    problems.install(app)
    app.include_router(docs_page.router())
    app.include_router(problem_pages.router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        yield client


async def test_every_asset_of_the_page_is_served_here(http: httpx.AsyncClient) -> None:
    page = (await http.get("/docs")).text
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(assets) == 4
    for asset in assets:
        assert asset.startswith("/docs/assets/"), f"{asset} is asked of another host, which closed networks do not reach"
        answer = await http.get(asset)
        assert answer.status_code == 200
        assert answer.content
    assert "http" not in (await http.get("/docs/assets/docs.js")).text


async def test_the_security_policy_lets_scripts_come_from_here_alone(http: httpx.AsyncClient) -> None:
    for address, headers in (("/docs", {}), ("/problems/not-found", {"accept": "text/html"})):
        policy = (await http.get(address, headers=headers)).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "http" not in policy
        assert "unsafe-eval" not in policy
        assert "script-src 'self';" in policy or "script-src" not in policy


@pytest.mark.parametrize("name", ["redoc.standalone.js", "..%2Fcore.py", "%2e%2e%2fcore.py", "docs.py"])
async def test_no_other_file_is_served(http: httpx.AsyncClient, name: str) -> None:
    assert (await http.get(f"/docs/assets/{name}")).status_code == 404


@pytest.mark.parametrize("slug", PROBLEM_TYPES)
async def test_a_problem_says_what_to_mend_to_people_and_to_programs(http: httpx.AsyncClient, slug: str) -> None:
    page = await http.get(f"/problems/{slug}", headers={"accept": "text/html,*/*"})
    assert page.headers["content-type"].startswith("text/html")
    assert slug in page.text
    assert "`" not in page.text
    assert "{" not in page.text
    told = (await http.get(f"/problems/{slug}")).json()
    assert told["status"] == PROBLEM_TYPES[slug].status
    assert told["mend"]


async def test_an_unknown_problem_is_not_found(http: httpx.AsyncClient) -> None:
    assert (await http.get("/problems/<script>")).status_code == 404


def test_every_problem_that_the_code_can_name_has_its_page() -> None:
    named = {slug: file for file in _sources() for slug in _slugs(ast.parse(file.read_text()))}
    missing = {slug: file.name for slug, file in named.items() if slug not in PROBLEM_TYPES}
    assert not missing, f"`type` of these problems leads nowhere; describe them in gateway/problems/types.py: {missing}"
    assert {"not-found", "refused", "duplicate-header", "method-not-allowed"} <= set(named)


def _sources() -> Iterator[Path]:
    yield from (ROOT / "shared" / "src").rglob("*.py")
    yield from (ROOT / "services").glob("*/src/**/*.py")


def _slugs(tree: ast.AST) -> Iterator[str]:
    """Every text given as ``slug=…``, and the second of ``status, slug, title = …``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "slug":
            yield from _texts(node.value)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
            names = [getattr(target, "id", None) for target in node.targets[0].elts]
            if "slug" in names:
                yield from _texts(node.value.elts[names.index("slug")])


def _texts(node: ast.AST) -> Iterator[str]:
    """The text constants that an expression can come to; those compared with are not among them."""
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
