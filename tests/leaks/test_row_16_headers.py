"""Row 16: headers by which a client would say what the wall alone may say are refused or taken away, doubled ones refused."""

import pytest

from .hostile.stand import Stand
from .hostile.wire import request

LIST = "/v1/persons?limit=1"
DECIDING = (
    "Authorization", "Processing-Purpose", "Case-Reference", "Acting-User", "Access-Justification", "If-Match",
    "Idempotency-Key", "Content-Type", "Host",
)  # fmt: skip


@pytest.mark.parametrize("name", DECIDING)
async def test_a_header_that_decides_stands_once(untouched: Stand, name: str) -> None:
    for second in (name, name.lower(), name.upper()):
        first = [] if name in ("Authorization", "Processing-Purpose") else [(name, "one")]
        raw = request("GET", LIST, untouched.headers(*first, (second, "health-access")))
        await untouched.refused(raw, slug="duplicate-header")


async def test_a_second_purpose_is_refused_wherever_it_stands(untouched: Stand) -> None:
    good, other = ("Processing-Purpose", "job-ranking"), ("Processing-Purpose", "health-access")
    for two in ([good, other], [other, good], [good, good]):
        raw = request("GET", LIST, [*untouched.headers(purpose=None), *two])
        await untouched.refused(raw, slug="duplicate-header")


@pytest.mark.parametrize(
    "name",
    [
        "Grant", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Original-URI",
        "X-Original-Method", "X-Rewrite-URL", "Processing_Purpose", "Case_Reference", "If_Match", "Idempotency_Key",
        "Acting_User",
        "X_Forwarded_For", "Content_Type", "Content_Length", "X_HTTP_Method_Override",
    ],
)  # fmt: skip
async def test_a_header_that_asks_for_another_call_is_refused(untouched: Stand, name: str) -> None:
    for value in ("DELETE", "/v1/persons/export", "x"):
        await untouched.refused(request("GET", LIST, untouched.headers((name, value))), slug="header-refused")


@pytest.mark.parametrize(
    "purpose",
    [
        "job-ranking, job-ranking", "job-ranking,health-access", "job-ranking;health-access", "job-ranking health-access",
        "JOB-RANKING", "Job-Ranking", "job%2Dranking", "%6aob-ranking", "job_ranking", "job-ranking%00", "job-ranking/..",
        "job-ranking\x0b", '"job-ranking"', "['job-ranking']", "*", "all", "null", "0", "job-rankin", "job-ranking1", "x" * 65,
        "x" * 5_000, "return-enforcement", "vital-interest", "data-protection-audit", "administration",
    ],
)  # fmt: skip
async def test_a_purpose_is_one_and_by_the_letter(untouched: Stand, purpose: str) -> None:
    answers = await untouched.door.send(request("GET", LIST, untouched.headers(purpose=purpose)))
    assert all(answer.status in (400, 403) for answer in answers), answers
    assert all(answer.slug in ("malformed-request", "refused") for answer in answers)
