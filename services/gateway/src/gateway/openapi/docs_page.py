"""/docs: Swagger UI whose every asset the gateway serves itself, for networks that reach nothing else.

INVARIANT: the page loads nothing from another host, and its security policy would not let it.
"""

from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, HTMLResponse

from stena.problems import NotFound

POLICY_OF_PAGES: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_POLICY: Final = (
    # Swagger UI writes style attributes into the elements that it makes; scripts come from here alone.
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_OURS: Final = {"docs.js": "text/javascript", "page.css": "text/css"}
_SWAGGER_UI: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}

PAGE: Final = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Stena · the API</title>
<link rel="icon" href="/docs/assets/favicon.png"><link rel="stylesheet" href="/docs/assets/swagger-ui.css"></head>
<body><div id="docs"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/assets/docs.js"></script></body></html>
"""


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    assets = _assets()

    @routes.get("/docs")
    async def docs() -> Response:
        return HTMLResponse(PAGE, headers={"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"})

    @routes.get("/docs/assets/{name}")
    async def asset(name: str) -> Response:
        if name not in assets:
            raise NotFound("There is no such file.")
        path, media_type = assets[name]
        headers = {"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}
        return FileResponse(path, media_type=media_type, headers=headers)

    return routes


def _assets() -> dict[str, tuple[Path, str]]:
    """The only files that are served, by name."""
    own, swagger_ui = Path(str(files("gateway"))) / "static", Path(str(files("fastapi_offline"))) / "static"
    return {
        **{name: (own / name, media_type) for name, media_type in _OURS.items()},
        **{name: (swagger_ui / name, media_type) for name, media_type in _SWAGGER_UI.items()},
    }
