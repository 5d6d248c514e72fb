"""A person that tests register, and what they do to them."""

from typing import Any

from stena.contracts.condition import Overlaps

from .source import Service

OLENA: dict[str, Any] = {
    "given_name": {"native": "Олена", "latin": "Olena"},
    "family_name": {"native": "Коваленко", "latin": "Kovalenko"},
    "date_of_birth": "1990-03-01",
    "gender": "female",
    "nationalities": ["UKR"],
    "skills": ["http://data.europa.eu/esco/skill/0005c151-5b5a-4a66-8aac-60e734beb1ab"],
    "residence": {"municipality": "Sofia", "nuts": "BG411", "settlement": "Sofia"},
}
IN_SOFIA = Overlaps(fact="region_path", values=("BG41",))
IN_VARNA = {"municipality": "Varna", "nuts": "BG331", "settlement": "Varna"}


async def amend(service: Service, person: str, attributes: dict[str, Any], status: int = 200, **changes: Any) -> Any:
    body = {"attributes": attributes, "verified": changes.pop("verified", [])}
    answer = await service.call("PATCH", f"/persons/{person}", service.grant("amend", person, **changes), body, If_Match="*")
    assert answer.status_code == status, answer.text
    return answer.json()
