"""`python -m tests.bench.fairness_demo`: audits of the demo population's rankings, through the wall, as an auditor gets them.

The four services in this process, 3,000 invented people, 60 jobs offered, and a placement officer who looks at fifty candidates
of each. Invented people are fair or unfair only as far as the generator is: what is measured is the audit, and the machine.
"""

import asyncio
import logging
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console
from rich.table import Table

from stena_local.demo import opportunities, people
from stena_local.testing import Database, temporary_postgres
from tests.system.house import Caller, House, migrated, put, standing

PEOPLE, JOBS, LOOKED_AT, SEED = 3_000, 60, 50, 1
console = Console(width=120)


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder, temporary_postgres() as server, migrated(server) as databases:
        asyncio.run(_run(Path(folder), databases))


async def _run(place: Path, databases: Mapping[str, Database]) -> None:
    async with standing(place, databases) as house:
        lines = list(people.stream(PEOPLE, SEED))
        for start in range(0, PEOPLE, 500):
            await put(house, *lines[start : start + 500])
        offered = await _offer(house)
        agency = await house.caller("employment-agency")
        await _followed(agency, offered[0])
        for vacancy in offered:
            await _ask(agency, "GET", f"/v1/opportunities/{vacancy}/candidates?limit={LOOKED_AT}", "job-ranking")
        lab = await house.caller("fairness-lab")
        for attribute in ("gender", "age_band", "nationalities"):
            await _audit(lab, attribute)


async def _offer(house: House) -> list[str]:
    agency = await house.caller("employment-agency")
    jobs = [each for each in opportunities.stream(JOBS * 8, SEED, date.today()) if each.opportunity.kind == "job"][:JOBS]  # noqa: DTZ011
    made = []
    for each in jobs:
        body = each.opportunity.model_dump(mode="json")
        answer = await agency("POST", "/v1/opportunities", "opportunity-management", json=body)
        if answer.status_code == 201:
            made.append(str(answer.json()["id"]))
    console.print(f"{len(made)} jobs offered")
    return made


async def _followed(agency: Caller, vacancy: str) -> None:
    """Wait until the feed has brought everybody: the number of candidates tried does not change any more."""
    for _ in range(600):
        answer = await agency("GET", f"/v1/opportunities/{vacancy}/candidates?limit=1", "job-ranking")
        if answer.status_code == 200:
            return
        await asyncio.sleep(0.5)
    raise SystemExit("the feed did not bring the people")


async def _ask(caller: Caller, method: str, path: str, purpose: str, **how: Any) -> Any:
    for _ in range(30):
        answer = await caller(method, path, purpose, **how)
        if answer.status_code != 503:
            return answer.json()
        await asyncio.sleep(0.2)
    raise SystemExit("no answer")


async def _audit(lab: Caller, attribute: str) -> None:
    today = datetime.now(UTC).date().isoformat()
    body = {"kind": "job", "since": today, "until": today, "attribute": attribute}
    began = time.monotonic()
    report = await _ask(lab, "POST", "/v1/audits", "fairness-audit", json=body)
    if "stages" not in report:
        console.print(attribute, report)
        return
    shown, exposure = report["stages"][0], {each["group"]: each["share"] for each in report["exposure"]}
    table = Table(title=f"{attribute}: shown, of those considered ({time.monotonic() - began:.1f} s)", title_justify="left")
    for column in ("group", "considered", "shown", "rate", "ratio", "95 %", "below 4/5", "p (Holm)", "exposure", "finding"):
        table.add_column(column, justify="left" if column == "group" else "right")
    compared = {each["group"]: each for each in shown["comparisons"]}
    for cell in shown["cells"]:
        beside = compared.get(cell["group"], {})
        between = "–".join(map(str, cell["between"] or ()))
        row = (cell["base"], between if cell["count"] is None else cell["count"], cell["rate"], beside.get("ratio"))
        more = (beside.get("ratio_interval"), beside.get("below_four_fifths"), beside.get("p"), exposure[cell["group"]])
        table.add_row(cell["group"], *map(str, (*row, *more, beside.get("finding", "(beside whom)"))))
    console.print(table)


if __name__ == "__main__":
    main()
