"""schemathesis against a house behind a real socket: ``python -m tests.leaks.fuzzing --max-examples 100``.

Every call of the document, with data that it allows and data that it does not, alone and in rows that follow its links.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.system.people import line
from tests.system.test_refusals import RECORD

from .calls.judging import SAID
from .calls.offering import WOMEN
from .calls.rights import AGAINST_ONE, RESTRICTED, RIGHT, RULED
from .hostile.door import Door, at_the_door
from .in_process import InProcess, alone
from .target import CATALOGUE
from .world import NEXT_MONTH

Who = tuple[str, str]
"""An organisation and a purpose."""

_INTAKE: Final[Who] = ("reception-agency", "registration")
_CARE: Final[Who] = ("reception-agency", "case-continuity")
_CONSENT: Final[Who] = ("reception-agency", "consent-management")
_AGENCY: Final[Who] = ("employment-agency", "job-ranking")
_BAKERY: Final[Who] = ("vitosha-bakery", "opportunity-management")
_SHORTLIST: Final[Who] = ("vitosha-bakery", "anonymous-shortlist")
_COURSES: Final[Who] = ("language-house", "opportunity-management")
_LIKENESS: Final[Who] = ("reception-agency", "deduplication")
_WATCH: Final[Who] = ("privacy-office", "data-protection-audit")
_LAB: Final[Who] = ("fairness-lab", "fairness-audit")
_OWN: Final[Who] = ("self-service", "data-subject-access")

CAST: Final[Mapping[str, Sequence[Who]]] = {
    "createPerson": [_INTAKE],
    "readPerson": [_INTAKE, _AGENCY, ("danube-health", "health-access")],
    "amendPerson": [_INTAKE, _AGENCY],
    "listPersons": [_INTAKE, _AGENCY],
    "searchPersons": [_INTAKE, _AGENCY],
    "exportPersons": [_AGENCY],
    "exportPersonsOfSearch": [_AGENCY],
    "followPersons": [_AGENCY],
    "lookUpPersons": [_INTAKE, ("danube-health", "health-access")],
    "listMatches": [_AGENCY, ("bread-and-bridges", "mentoring")],
    "listConsents": [_CONSENT],
    "readConsentHistory": [_CONSENT],
    "readConsentReceipt": [_CONSENT],
    "recordConsent": [_CONSENT],
    "withdrawConsent": [_CONSENT],
    "listNotes": [_CARE],
    "writeNote": [_CARE],
    "listShares": [_CARE],
    "shareNote": [_CARE],
    "endShare": [_CARE],
    "listCases": [_CARE],
    "openCase": [_CARE],
    "closeCase": [_CARE],
    "referPerson": [_CARE],
    "listReferrals": [_CARE],
    "readReferral": [_CARE],
    "answerReferral": [_CARE],
    "createOpportunity": [_BAKERY],
    "listOpportunities": [_BAKERY],
    "readOpportunity": [_BAKERY],
    "amendOpportunity": [_BAKERY],
    "closeOpportunity": [_BAKERY],
    "listCandidates": [_SHORTLIST],
    "decideOnCandidate": (_SHORTLIST, _AGENCY),
    "listDecisions": (_SHORTLIST, _AGENCY),
    "listSkillGaps": [_AGENCY, ("bread-and-bridges", "mentoring")],
    **dict.fromkeys(("createAllocation", "readAllocation", "cancelAllocation", "confirmPlacement", "placeArrival"), (_AGENCY,)),
    **dict.fromkeys(
        ("proposeEligibilityCondition", "approveEligibilityCondition", "listEligibilityConditions"), (_COURSES, _WATCH)
    ),
    "withdrawEligibilityCondition": (_COURSES, _WATCH),
    "runAudit": (_LAB,),
    **dict.fromkeys(("listDuplicates", "tellApart", "mergePersons", "undoMerge"), (_LIKENESS,)),
    **dict.fromkeys(
        ("listAlerts", "acknowledgeAlert", "reportBreach", "listBreachedPeople", "proveInclusion", "proveConsistency"),
        (_WATCH,),
    ),
    **dict.fromkeys(("listReviews", "recordReview"), (_WATCH,)),
    "listDisclosures": (_OWN, _WATCH),
    **dict.fromkeys(("listCorrections", "decideCorrection"), (_AGENCY, _INTAKE)),
    **dict.fromkeys(("listObjections", "decideObjection"), (_AGENCY,)),
    **dict.fromkeys(("proposeCorrection", "withdrawCorrection", "makeObjection", "withdrawObjection"), (_OWN,)),
    **dict.fromkeys(("listCorrectionsOfPerson", "listObjectionsOfPerson"), (_OWN, _AGENCY)),
    **dict.fromkeys(("listRestrictions", "restrictPerson", "liftRestriction"), (_OWN, _CARE)),
    **dict.fromkeys(("readEverything", "readRetention", "linkSignIn"), (_OWN,)),
    **dict.fromkeys(("issueSignInCode", "listSignIns", "endSignIn"), (_INTAKE, _OWN)),
    "releaseNote": (_CARE,),
    "others": [_INTAKE, _CARE, _AGENCY],
}
"""Who makes each call. The first of each makes it when it follows from another one: those know people by the same ids."""

TODAY: Final = datetime.now(UTC).date().isoformat()
_SPOKEN: Final = dict.fromkeys(("listening", "reading", "interaction", "production", "writing"), "B1")
_JOB: Final = {"kind": "job", "title": "Baker", "region": "BG411"}

BODIES: Final[Mapping[str, Sequence[Any]]] = {
    "createPerson": [
        {"attributes": {"remote": True, "languages": [{"language": "ukr", **_SPOKEN}], "digital_skills": "basic"}},
        {"attributes": {"given_name": {"native": "Олена", "latin": "Olena"}, "date_of_birth": "1990-04-12"}},
        {"attributes": {}},
    ],
    "amendPerson": [{"attributes": {"remote": False}}, {"attributes": {"digital_skills": None}}, {"attributes": {}}],
    "searchPersons": [
        {"filters": [{"attribute": "languages", "operator": "has", "value": "ukr"}], "limit": 3},
        {"fields": ["languages"]},
    ],
    "exportPersonsOfSearch": [{"fields": ["languages"]}],
    "createOpportunity": [_JOB, {"kind": "training", "title": "Welding", "municipality": "Sofia"}],
    "amendOpportunity": [{"title": "Master baker"}, {"capacity": 3}, {"apply_until": None}],
    "recordConsent": [{"state": "given", "text_version": "1", "language": "en", "method": "paper"}],
    "writeNote": [{"text": "Came with a friend.", "language": "en"}],
    "openCase": [{"organisation": "reception-agency"}],
    "referPerson": [
        {"recipient": "open-door-legal", "purpose": "legal-aid", "reason": "Asks.", "until": "2030-01-01T00:00:00Z"}
    ],
    "shareNote": [{"purpose": "legal-aid", "until": NEXT_MONTH}],
    "decideOnCandidate": [SAID],
    "proposeEligibilityCondition": [WOMEN],
    "runAudit": [{"kind": "job", "since": TODAY, "until": TODAY, "attribute": "gender"}],
    "proposeCorrection": [RIGHT],
    "restrictPerson": [RESTRICTED],
    "makeObjection": [AGAINST_ONE],
    "decideObjection": [RULED],
}
"""Bodies that mean something, beside those that the document only allows."""

CHECKS: Final = (
    "never_breaks", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "missing_required_header", "negative_data_rejection",
)  # fmt: skip
SETTINGS: Final = Path(__file__).parent / "hostile" / "schemathesis.toml"


@dataclass(frozen=True)
class Fuzzed:
    """``answers`` counts ``operation right|wrong status``; ``right``: as the document allows it."""

    passed: bool
    said: str
    answers: Mapping[str, int]

    def share(self, meant: str, statuses: str) -> float:
        """Of the calls so meant the share that was answered with a status that begins so."""
        meant_so = {name: count for name, count in self.answers.items() if name.split()[1] == meant}
        return sum(count for name, count in meant_so.items() if name.split()[2].startswith(statuses)) / sum(meant_so.values())


async def fuzz(target: InProcess, door: Door, place: Path, *options: str, seed: int = 1) -> Fuzzed:
    """One run of schemathesis with ``options`` of its own, beside the event loop that answers it."""
    world = place / "world.json"
    world.write_text(json.dumps(await _world(target, seed)))
    program = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        f"--config-file={SETTINGS}",
        "run",
        f"http://127.0.0.1:{door.port}/openapi.json",
    ]
    where = ["--url", f"http://127.0.0.1:{door.port}", "--no-color", "--generation-database", "none", f"--seed={seed}"]
    # A NUL is a request that no HTTP library sends; tests by hand send it.
    how = ["--checks", ",".join(CHECKS), "--warnings=off", "--generation-allow-x00=false", "--exclude-operation-id=token"]
    environment = {
        **os.environ,
        "STENA_WORLD": str(world),
        "SCHEMATHESIS_HOOKS": "tests.leaks.hostile.fuzzing_hooks",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    running = await asyncio.create_subprocess_exec(
        *program, *where, *how, *options, env=environment, cwd=place,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await running.communicate()
    counted = world.with_suffix(".answers")
    return Fuzzed(running.returncode == 0, said.decode(), json.loads(counted.read_text()) if counted.exists() else {})


async def _world(target: InProcess, seed: int) -> Mapping[str, Any]:
    """People, opportunities and tokens for everybody of the cast."""
    lines = [line(CATALOGUE, f"fuzzed-{seed}-{number}", RECORD | {"assigned": _ASSIGNED}) for number in range(5)]
    people = await target.put(lines)
    everybody = {who for each in CAST.values() for who in each}
    bakery = await target.client("vitosha-bakery")
    made = [await bakery("POST", "/v1/opportunities", "opportunity-management", json=_JOB) for _ in range(3)]
    return {
        "seed": seed,
        "cast": CAST,
        "bodies": {**BODIES, "createAllocation": [{"kind": "job", "opportunities": [each.json()["id"] for each in made]}]},
        "filters": ["languages:has:ukr", "municipality:eq:Sofia", "education_level:ge:3"],
        "tokens": {one: await _token(target, one, people[0]) for one, _ in everybody},
        "people": {
            f"{one} {why}": [await target.pairwise(each, one, why) for each in (people[:1] if one == _OWN[0] else people)]
            for one, why in everybody
        },
        "opportunities": [answer.json()["id"] for answer in made],
    }


async def _token(target: InProcess, organisation: str, person: str) -> str:
    """People's own client speaks for ``person``."""
    caller = await target.client(organisation, person if organisation == _OWN[0] else None)
    return caller.http.headers["Authorization"].split()[1]


_ASSIGNED: Final = ["reception-agency", "employment-agency", "bread-and-bridges", "danube-health"]


def table(fuzzed: Fuzzed) -> str:
    """Answers by operation, and how many of the calls that the document allows were done."""
    rows: dict[str, Counter[str]] = {}
    for name, count in fuzzed.answers.items():
        operation, meant, status = name.split()
        rows.setdefault(operation, Counter())[f"{meant} {status}"] += count
    lines = [
        f"{operation:24} " + ", ".join(f"{n}x {what}" for what, n in sorted(row.items())) for operation, row in rows.items()
    ]
    total = sum(fuzzed.answers.values())
    return "\n".join(
        [*sorted(lines), f"{total} calls; of those that are allowed {fuzzed.share('right', '2'):.0%} were answered 2xx"]
    )


async def _main(options: Sequence[str], seed: int) -> int:
    with tempfile.TemporaryDirectory() as place:
        async with alone(Path(place)) as target:
            assert isinstance(target, InProcess)
            async with at_the_door(target.house) as door:
                fuzzed = await fuzz(target, door, Path(place), *options, seed=seed)
    print(fuzzed.said, table(fuzzed), sep="\n")
    return 0 if fuzzed.passed else 1


if __name__ == "__main__":
    asked = argparse.ArgumentParser(prog="python -m tests.leaks.fuzzing", description="Further options are schemathesis' own.")
    asked.add_argument("--seed", type=int, default=1)
    known, others = asked.parse_known_args()
    raise SystemExit(asyncio.run(_main(others, known.seed)))
