"""The shapes of administration in the public API: clients, proposals, organisations and revisions of the rulebook."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from gateway.administering.credentials import Way
from gateway.administering.proposals import Kind, State
from gateway.rulebook_types import OrganisationId, PurposeId, RecordedOrganisation
from gateway.views.people import Sent, Shown

CLIENT_ID: Final = "cli_0f3a9c1d2b4e5f607182"
PROPOSAL_ID: Final = "clp_0199d7a4c0de7000a1b2c3d4e5f60718"
REVISION: Final = "sha256:" + "0f3a" * 16
JWKS: Final = {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "2026-11", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}

Comment = Annotated[str | None, Field(default=None, min_length=1, max_length=1_000, description="Why; it stays with it.")]


class SecretBody(Sent):
    """A secret, made when it is confirmed and shown to whoever confirms."""

    type: Literal["secret"]


class KeysBody(Sent):
    """Keys of the client's own (`private_key_jwt`): a JSON Web Key Set of public ones, each with a `kid`."""

    type: Literal["keys"]
    jwks: dict[str, Any] = Field(examples=[JWKS])


class PublishedKeysBody(Sent):
    """The same, where the client publishes its keys and renews them by itself."""

    type: Literal["published-keys"]
    jwks_uri: str = Field(max_length=500, examples=["https://client.example/jwks.json"])


class IssuerBody(Sent):
    """Access tokens of an OpenID Connect issuer that the operator lists, and nothing else."""

    type: Literal["issuer"]
    issuer: str = Field(max_length=500, examples=["https://login.example"])


CredentialsBody = Annotated[
    SecretBody | KeysBody | PublishedKeysBody | IssuerBody,
    Field(discriminator="type", description="How the client will show who it is."),
]


class NewClientBody(Sent):
    organisation: OrganisationId = Field(description="For whom the client calls.")
    name: str = Field(min_length=1, max_length=100, description="What it is called in lists.", examples=["case system"])
    credentials: CredentialsBody
    comment: Comment


class NewCredentialsBody(Sent):
    credentials: CredentialsBody
    keep_earlier_hours: int = Field(
        default=24,
        ge=0,
        le=72,
        description="For how long the secret or the keys that the client has are good beside the new credentials.",
    )
    comment: Comment


class ClientView(Shown):
    id: str = Field(examples=[CLIENT_ID])
    name: str
    organisation: RecordedOrganisation
    credentials: Way
    key_ids: list[str] = Field(default_factory=list)
    jwks_uri: str | None = None
    issuer: str | None = None
    speaks_for_a_person: bool = Field(default=False, description="It is a data subject's own.")
    created_at: datetime
    earlier_secret_until: datetime | None = Field(default=None, description="Until when what it had before is good too.")
    earlier_key_ids: list[str] = Field(default_factory=list, description="Keys that it had before and that are good too.")
    revoked_at: datetime | None = None


class ClientPage(Shown):
    clients: list[ClientView]
    next: str | None = None


class WantedClient(Shown):
    id: str = Field(examples=[CLIENT_ID])
    name: str
    organisation: RecordedOrganisation
    credentials: Way | None = Field(default=None, description="Missing where the client was revoked.")
    key_ids: list[str] = Field(default_factory=list)
    jwks_uri: str | None = None
    issuer: str | None = None


class WantedRulebook(Shown):
    revision: str = Field(examples=[REVISION])
    instead_of: str = Field(description="The revision that it was compared with, and that it may take the place of.")
    opens: list[str] = Field(description="What it would open, in words; 500 of them at most.")
    opens_in_all: int


class SettledView(Shown):
    at: datetime
    by: str = Field(examples=["stena-operator: petrova"])
    decision: str


class ProposalView(Shown):
    id: str = Field(examples=[PROPOSAL_ID])
    kind: Kind
    state: State
    proposed_by: str = Field(examples=["stena-operator: ivanova"])
    proposed_at: datetime
    ends_at: datetime = Field(description="Until when it can be confirmed.")
    decision: str = Field(description="The decision under which it was proposed, as it stands in the ledger.")
    comment: str | None = None
    client: WantedClient | None = None
    rulebook: WantedRulebook | None = None
    settled: SettledView | None = None


class ProposalPage(Shown):
    proposals: list[ProposalView]
    next: str | None = None


class ConfirmedView(Shown):
    proposal: ProposalView
    client_secret: str | None = Field(default=None, description="Shown this once, and kept nowhere.")


class ApprovalView(Shown):
    purpose: PurposeId
    legal_basis: str
    from_: date = Field(alias="from")
    until: date


class OrganisationView(Shown):
    id: OrganisationId
    name: str
    kind: str
    approvals: list[ApprovalView]
    clients: int = Field(description="How many of its clients are not revoked; people's own do not count.")


class OrganisationList(Shown):
    organisations: list[OrganisationView]
    rulebook: str = Field(examples=[REVISION])


class ActivationView(Shown):
    number: int
    at: datetime
    revision: str = Field(examples=[REVISION])
    by: str
    widened: bool = Field(description="It opened something that was closed before.")
    comment: str | None = None
    returns_to: int | None = None


class KeptView(Shown):
    revision: str = Field(examples=[REVISION])
    first_loaded_at: datetime


class RulebookView(Shown):
    active: str = Field(examples=[REVISION])
    revisions: list[KeptView]
    activations: list[ActivationView]


class FilesBody(Sent):
    files: dict[str, str] = Field(
        description="A whole rulebook: the text of each file by its path.", examples=[{"rulebook.yaml": "title: …"}]
    )


class FilesView(Shown):
    revision: str = Field(examples=[REVISION])
    files: dict[str, str] = Field(examples=[{"rulebook.yaml": "title: …"}])


class LoadedView(Shown):
    revision: str = Field(examples=[REVISION])


class ActivateBody(Sent):
    revision: str = Field(pattern="^sha256:[0-9a-f]{64}$", examples=[REVISION])
    comment: Comment


class ActivatedView(Shown):
    activation: ActivationView
