"""One OpenAPI 3.1 document for the whole system: the routes as they are, people as the active rulebook describes them.

It adds what every call has in common (how to be let in, how a refusal looks) and never changes what a route says itself.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, FastAPI, Response
from fastapi.openapi.utils import get_openapi

from gateway.openapi import docs_page
from gateway.openapi import examples as openapi_examples
from gateway.openapi import links as openapi_links
from gateway.openapi import parts as openapi_parts
from gateway.problems import pages as problem_pages
from gateway.rulebook_types import PLACEHOLDER
from gateway.views import person_schemas
from stena.contracts.catalogue import Catalogue

Document = dict[str, Any]

VERSION: Final = "1.0.0"
_METHODS: Final = frozenset({"get", "put", "post", "patch", "delete"})
_IGNORED_HEADERS: Final = frozenset({"authorization", "accept", "content-type"})  # OpenAPI 3.1, Parameter Object
_REQUIRED_HEADERS: Final = frozenset({"processing-purpose", "if-match"})  # optional to FastAPI: refused in words of our own
_OF_FASTAPI: Final = ("HTTPValidationError", "ValidationError")


def install(app: FastAPI, *, catalogue: Callable[..., Awaitable[Catalogue]], public_url: str) -> None:
    """Give ``app`` /openapi.json, /docs and /problems/{slug}.

    ``catalogue`` is a dependency that hands over the active rulebook's catalogue. ``app`` is made with
    ``openapi_url=None``; its own routes may be added before or after.
    """
    served = _Served(app, public_url)
    routes = APIRouter(include_in_schema=False)

    @routes.get("/openapi.json")
    async def openapi(active: Annotated[Catalogue, Depends(catalogue)]) -> Response:
        return Response(served.document(active), media_type="application/json", headers={"Cache-Control": "no-cache"})

    app.include_router(routes)
    app.include_router(docs_page.router())
    app.include_router(problem_pages.router())


class _Served:
    """The document in memory, made anew when the rulebook has changed."""

    def __init__(self, app: FastAPI, public_url: str) -> None:
        self._app = app
        self._public_url = public_url
        self._revision: str | None = None
        self._bytes = b""

    def document(self, catalogue: Catalogue) -> bytes:
        if catalogue.revision != self._revision:
            self._bytes = orjson.dumps(document(self._app, catalogue, self._public_url))
            self._revision = catalogue.revision
        return self._bytes


def document(app: FastAPI, catalogue: Catalogue, public_url: str) -> Document:
    """The OpenAPI document of ``app`` under ``catalogue``'s rulebook."""
    made = get_openapi(
        title="Stena",
        version=VERSION,
        summary="An access firewall for data about migrants: every call states its purpose.",
        description=openapi_parts.introduction(public_url, catalogue.revision),
        routes=app.routes,
        servers=[{"url": public_url}],
        tags=openapi_parts.TAGS,
    )
    _complete_components(made, catalogue)
    operations = [(path, method, item[method]) for path, item in made["paths"].items() for method in _METHODS & item.keys()]
    known = frozenset(operation["operationId"] for _, _, operation in operations)
    for path, method, operation in operations:
        _complete_operation(path, method, operation)
        openapi_links.complete(operation, known)
    finished: Document = _placed(made)
    _give_examples(finished)
    return finished


def _complete_components(made: Document, catalogue: Catalogue) -> None:
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _OF_FASTAPI:
        schemas.pop(name, None)
    schemas |= person_schemas.components(catalogue)
    schemas["Problem"] = openapi_parts.PROBLEM
    for name, example in openapi_examples.of_people(catalogue).items():
        schemas[name]["examples"] = [example]
    components["securitySchemes"] = openapi_parts.SECURITY_SCHEMES
    components["responses"] = openapi_parts.problem_responses()


def _complete_operation(path: str, method: str, operation: Document) -> None:
    """Security, and the refusals that the call shares with its like; what the route says of a refusal itself stays."""
    operation["security"] = openapi_parts.security(path)
    if "parameters" in operation:
        operation["parameters"] = [
            _required(each)
            for each in operation["parameters"]
            if each["in"] != "header" or each["name"].lower() not in _IGNORED_HEADERS
        ]
    responses = operation.setdefault("responses", {})
    responses.pop("422", None)  # FastAPI's own; here a malformed request is a 400
    for status, response in responses.items():
        if status >= "400" and openapi_parts.is_api(path):
            response["content"] = openapi_parts.problem_content(response)
    for status in openapi_parts.refusals(path, method, operation):
        responses.setdefault(status, {"$ref": f"#/components/responses/{status}"})


def _required(parameter: Document) -> Document:
    if parameter["name"].lower() not in _REQUIRED_HEADERS:
        return parameter
    present = next((each for each in parameter["schema"].get("anyOf", ()) if each != {"type": "null"}), parameter["schema"])
    return {**parameter, "required": True, "schema": present}


def _placed(node: Any) -> Any:
    """``node`` with a reference in the place of each placeholder of ``rulebook_types``."""
    if isinstance(node, list):
        return [_placed(part) for part in node]
    if not isinstance(node, dict):
        return node
    if PLACEHOLDER in node:
        return person_schemas.reference(node[PLACEHOLDER])
    return {key: _placed(value) for key, value in node.items()}


def _give_examples(made: Document) -> None:
    """An example to every body that has none."""
    schemas = made["components"]["schemas"]
    for item in made["paths"].values():
        for method in _METHODS & item.keys():
            operation = item[method]
            for body in (operation.get("requestBody", {}), *operation["responses"].values()):
                for content in body.get("content", {}).values():
                    if "schema" in content and not {"example", "examples"} & content.keys():
                        content["example"] = openapi_examples.of_schema(content["schema"], schemas)
