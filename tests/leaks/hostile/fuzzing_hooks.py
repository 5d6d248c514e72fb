"""What schemathesis does to its calls here: most come from somebody who may call, about somebody who is there.

Without that nearly all would be refused at the first step, and nothing behind it would be tried. schemathesis loads this by the
name in ``SCHEMATHESIS_HOOKS``; ``STENA_WORLD`` names the file in which ``fuzzing`` says who and what there is.
"""

import json
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any, Final

import requests
import schemathesis
from schemathesis.generation import GenerationMode

WORLD: Final = Path(os.environ["STENA_WORLD"])
SENSIBLE: Final = 0.7
"""The share of calls of which more is made sensible than the document can ask for: a cursor that was given, a known concept."""

_TOLD: Final = {"Case-Reference", "Acting-User", "Access-Justification"}
_said: Final = json.loads(WORLD.read_text())
_chance: Final = random.Random(_said["seed"])  # noqa: S311 -- no secret rests on it
_answers: Final[Counter[str]] = Counter()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Give the call a token, a purpose that fits it, and most of the time a person or opportunity that the caller can see."""
    name = _name(case)
    fits = _said["cast"].get(name, _said["cast"]["others"])
    organisation, purpose = fits[0] if _is_step(case) else _chance.choice(fits)
    case.headers["Authorization"] = f"Bearer {_said['tokens'][organisation]}"
    if "Processing-Purpose" in case.headers and not _is_wrong(case, "header"):
        case.headers["Processing-Purpose"] = purpose
    if _is_step(case) or _chance.random() > SENSIBLE:
        return
    if "id" in case.path_parameters and not _is_wrong(case, "path"):
        known = _said["opportunities"] if "/opportunities/" in case.path else _said["people"][f"{organisation} {purpose}"]
        case.path_parameters["id"] = _chance.choice(known)
    if not _is_wrong(case, "query"):
        _make_query_sensible(case)
    if not _is_wrong(case, "header"):
        case.headers.update(dict.fromkeys(_TOLD & case.headers.keys(), "%D0%9E%D0%BB%D0%B5%D0%BD%D0%B0"))
    if name in _said["bodies"] and not _is_wrong(case, "body"):
        case.body, case.media_type = _chance.choice(_said["bodies"][name]), "application/json"
    if "If-Match" in case.headers and not _is_wrong(case, "header"):
        case.headers["If-Match"] = _tag(case)


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    meant = "wrong" if any(_is_wrong(case, where) for where in ("header", "path", "query", "body")) else "right"
    _answers[f"{_name(case)} {meant} {response.status_code}"] += 1
    WORLD.with_suffix(".answers").write_text(json.dumps(_answers))


@schemathesis.check
def never_breaks(context: Any, response: Any, case: Any) -> None:
    """A 503 that says when to come back is an answer of a busy machine; any other failure is a fault."""
    patient = response.status_code == 503 and response.headers.get("retry-after")
    assert response.status_code < 500 or patient, f"{response.status_code}: {response.text}"


def _make_query_sensible(case: Any) -> None:
    for name in ("cursor", "since", "sort"):
        case.query.pop(name, None)
    if "filter" in case.query:
        case.query["filter"] = _chance.sample(_said["filters"], 2)
    if "fields" in case.query:
        case.query["fields"] = "languages,region"


def _tag(case: Any) -> str:
    """The tag of what the call changes, as it is now."""
    headers = {name: case.headers[name] for name in ("Authorization", "Processing-Purpose")}
    read = requests.get(case.operation.base_url + case.formatted_path, headers=headers, timeout=10)
    return str(read.headers.get("etag", '"none"'))


def _name(case: Any) -> str:
    return str(case.operation.definition.raw.get("operationId"))


def _is_step(case: Any) -> bool:
    """Whether the call follows from another one's answer, and so speaks of what that one made."""
    return case.meta is not None and case.meta.phase.name.value == "stateful"


def _is_wrong(case: Any, where: str) -> bool:
    """Whether this part of the call is one that the document does not allow."""
    if case.meta is None:
        return False
    return any(part.value == where and info.mode == GenerationMode.NEGATIVE for part, info in case.meta.components.items())
