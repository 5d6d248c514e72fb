"""Registering and reading one person."""

from .conftest import Service

OLENA = {
    "given_name": {"native": "Олена", "latin": "Olena"},
    "date_of_birth": "1990-03-01",
    "skills": ["http://data.europa.eu/esco/skill/0005c151-5b5a-4a66-8aac-60e734beb1ab"],
    "residence": {"municipality": "Sofia", "nuts": "BG411", "settlement": "Sofia"},
}


async def test_who_was_registered_can_be_read(service: Service) -> None:
    person = await service.register(OLENA)
    assert (await service.read(person["id"]))["attributes"].items() >= OLENA.items()
