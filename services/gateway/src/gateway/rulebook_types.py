"""Types of the API whose JSON Schema the active rulebook gives. Here each is a placeholder for models to name;
``openapi`` puts a reference to the schema of the same name in its place when the document is made.

    class PersonView(BaseModel):
        id: str
        attributes: PersonAttributes
        withheld: WithheldAttributes
"""

from typing import Annotated, Any, Final

from pydantic import Field, WithJsonSchema

PLACEHOLDER: Final = "x-rulebook-schema"


def _placeholder(name: str) -> WithJsonSchema:
    return WithJsonSchema({PLACEHOLDER: name})


PersonAttributes = Annotated[dict[str, Any], _placeholder("PersonAttributes")]
"""What an answer discloses of a person: attribute → value, ``null`` where none is stored."""

NewPersonAttributes = Annotated[dict[str, Any], _placeholder("NewPersonAttributes")]
"""What a new record may hold: the stored attributes; derived ones are computed."""

AmendedAttributes = Annotated[dict[str, Any], _placeholder("AmendedAttributes")]
"""The same as a JSON Merge Patch: ``null`` removes a value."""

WithheldAttributes = Annotated[dict[str, str], _placeholder("WithheldAttributes")]
"""attribute → reason."""

AttributeName = Annotated[str, _placeholder("AttributeName")]
PurposeId = Annotated[str, _placeholder("PurposeId")]
OrganisationId = Annotated[str, _placeholder("OrganisationId")]


# What was written down outlives the rulebook of its day, and a call that was refused may have named anything.
_THEN: Final = "As it was named then; today's rulebook need not know it."
RecordedAttribute = Annotated[str, Field(description=_THEN, examples=["languages"])]
RecordedPurpose = Annotated[str, Field(description=_THEN, examples=["job-ranking"])]
RecordedOrganisation = Annotated[str, Field(description=_THEN, examples=["employment-agency"])]
