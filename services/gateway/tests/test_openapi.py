"""The one document for the whole system: valid, made from the rulebook, and complete in what callers need to be let in."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import jsonschema_rs
import pytest
import yaml
from fastapi import FastAPI, Header
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel

from gateway.openapi import document as openapi
from gateway.rulebook_types import NewPersonAttributes, PersonAttributes, PurposeId, WithheldAttributes
from stena import problems
from stena.contracts.catalogue import Attribute, Catalogue, Organisation, Purpose

RULEBOOK = Path(__file__).parents[3] / "deploy" / "rulebook"
PUBLIC_URL = "https://stena.example"


class PersonView(BaseModel):
    id: str
    attributes: PersonAttributes
    withheld: WithheldAttributes


class NewPersonBody(BaseModel):
    attributes: NewPersonAttributes


class House:
    """An application with two calls, whose rulebook can be changed under it."""

    def __init__(self) -> None:
        self.catalogue = _catalogue()
        self.app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        self.app.add_api_route("/v1/persons/{person}", self._read, response_model=PersonView)
        self.app.add_api_route("/v1/persons", self._create, methods=["POST"], response_model=PersonView)
        problems.install(self.app)
        openapi.install(self.app, catalogue=self._active, public_url=PUBLIC_URL)

    async def _active(self) -> Catalogue:
        return self.catalogue

    async def _read(
        self, person: str, processing_purpose: Annotated[PurposeId, Header()], authorization: Annotated[str, Header()]
    ) -> None:
        raise NotImplementedError

    async def _create(self, body: NewPersonBody, idempotency_key: Annotated[str, Header()]) -> None:
        raise NotImplementedError

    def document(self) -> dict[str, Any]:
        return openapi.document(self.app, self.catalogue, PUBLIC_URL)


def _catalogue(revision: str = "sha256:one") -> Catalogue:
    described = yaml.safe_load((RULEBOOK / "attributes.yaml").read_text())["attributes"]
    attributes = tuple(Attribute.model_validate({"name": name, **each}) for name, each in described.items())
    titles = {"en": "Ranking of vacancies", "bg": "Подреждане на работни места"}
    purpose = Purpose(id="job-ranking", titles=titles, description="Ranks.", dpv="https://w3id.org/dpv#ServiceProvision")
    agency = Organisation(id="employment-agency", name="Employment Agency (demo)", kind="authority")
    return Catalogue(revision=revision, country="BGR", attributes=attributes, purposes=(purpose,), organisations=(agency,))


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def http(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(house.app), base_url=PUBLIC_URL) as client:
        yield client


def test_the_document_is_valid_openapi_3_1(house: House) -> None:
    document = house.document()
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_a_person_has_every_attribute_and_a_new_one_no_derived_attribute(house: House) -> None:
    schemas = house.document()["components"]["schemas"]
    derived = {attribute.name for attribute in house.catalogue.attributes if attribute.derived_from}
    every = {attribute.name for attribute in house.catalogue.attributes}
    assert schemas["PersonView"]["properties"]["attributes"] == {"$ref": "#/components/schemas/PersonAttributes"}
    assert set(schemas["PersonAttributes"]["properties"]) == every
    assert set(schemas["NewPersonAttributes"]["properties"]) == every - derived
    assert set(schemas["AmendedAttributes"]["properties"]) == every - derived
    assert schemas["attributes.date_of_birth"]["x-sensitivity"] == "protected"
    assert schemas["attributes.given_name"]["x-reveals"] == ["gender", "ethnicity"]


def test_every_example_fits_its_schema(house: House) -> None:
    document = house.document()
    root = {"$id": "urn:document", "components": document["components"]}
    for name, schema in document["components"]["schemas"].items():
        validator = jsonschema_rs.validator_for({**root, "$ref": f"#/components/schemas/{name}"})
        for example in schema.get("examples", ()):
            validator.validate(example)
    for item in document["paths"].values():
        for operation in item.values():
            for body in (operation.get("requestBody", {}), *operation["responses"].values()):
                for content in body.get("content", {}).values():
                    jsonschema_rs.validator_for({**root, **content["schema"]}).validate(content["example"])


def test_calls_name_how_to_be_let_in_and_how_they_are_refused(house: House) -> None:
    operation = house.document()["paths"]["/v1/persons/{person}"]["get"]
    assert operation["security"] == [{"oauth2": []}]
    assert {"400", "401", "403", "404", "503"} <= set(operation["responses"])
    assert "422" not in operation["responses"]
    names = {parameter["name"].lower(): parameter["schema"] for parameter in operation["parameters"]}
    assert names["processing-purpose"] == {"$ref": "#/components/schemas/PurposeId"}
    assert "authorization" not in names
    created = house.document()["paths"]["/v1/persons"]["post"]["responses"]
    assert {"409", "413", "415"} <= set(created)


def test_references_of_an_attribute_to_itself_still_lead_somewhere(house: House) -> None:
    schema = {"$defs": {"word": {"type": "string"}}, "type": "array", "items": {"$ref": "#/$defs/word"}}
    described = house.catalogue.attributes[0].model_dump(by_alias=True) | {"schema": schema, "examples": (["a"],)}
    house.catalogue = house.catalogue.model_copy(update={"attributes": (Attribute.model_validate(described),)})
    document = house.document()
    OpenAPIV31SpecValidator(document).validate()
    name = described["name"]
    items = document["components"]["schemas"][f"attributes.{name}"]["items"]
    assert items == {"$ref": f"#/components/schemas/attributes.{name}/$defs/word"}


async def test_a_new_rulebook_makes_a_new_document(house: House, http: httpx.AsyncClient) -> None:
    first = (await http.get("/openapi.json")).content
    assert (await http.get("/openapi.json")).content == first
    fewer = house.catalogue.attributes[1:]
    house.catalogue = house.catalogue.model_copy(update={"attributes": fewer, "revision": "sha256:two"})
    second = (await http.get("/openapi.json")).json()
    assert len(second["components"]["schemas"]["PersonAttributes"]["properties"]) == len(fewer)
    assert "sha256:two" in second["info"]["description"]
