"""The gateway's keys, read once at start. A key that is missing or wrong stops it there, with what to mend."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from joserfc.jwk import OKPKey

from gateway import id_keys
from gateway.alerting.telling import secret_of
from gateway.credentials import issuers
from gateway.credentials.issuers import ClientIssuer, SignInIssuer
from gateway.cursors import Cursors
from gateway.identity import PairwiseIds
from gateway.record import keys as ledger_keys
from gateway.record.keys import LedgerKeys
from gateway.settings import GatewaySettings
from stena import keys
from stena.keys import KeyFileError


@dataclass(frozen=True, slots=True)
class Keys:
    token: OKPKey = field(repr=False)
    ledger: LedgerKeys
    ids: PairwiseIds
    cursors: Cursors
    policy: str = field(repr=False)
    subjects: bytes = field(repr=False)
    sign_ins: Mapping[str, SignInIssuer]
    issuers: Mapping[str, ClientIssuer]
    webhook: bytes | None = field(default=None, repr=False)


def read(settings: GatewaySettings) -> Keys:
    """Every key that the gateway serves with; raises ``KeyFileError``."""
    sign_ins = issuers.read_sign_ins(settings.sign_in_file)
    return Keys(
        token=keys.signing_key(settings.token_key_file),
        ledger=LedgerKeys(ledger_keys.read(settings.ledger_keys_dir)),
        ids=pairwise_ids(settings),
        cursors=Cursors(keys.secret(settings.cursor_key_file)),
        policy=_policy_key(settings),
        subjects=_subjects(settings),
        sign_ins=sign_ins,
        issuers=issuers.read_clients(settings.issuers_file, beside=sign_ins),
        webhook=_webhook_secret(settings),
    )


def pairwise_ids(settings: GatewaySettings) -> PairwiseIds:
    """Every version of the key of pairwise ids; raises ``KeyFileError``."""
    found = id_keys.read(settings.id_keys_dir)
    return PairwiseIds(found.by_version, found.making)


def _subjects(settings: GatewaySettings) -> bytes:
    """What subjects of sign-ins are hashed with. It follows from the first key of ids, which is kept for ever."""
    by_version = id_keys.read(settings.id_keys_dir).by_version
    return hmac.digest(by_version[min(by_version)], b"stena subjects of sign-ins", "sha256")


def _policy_key(settings: GatewaySettings) -> str:
    try:
        return settings.policy_key_file.read_text().strip()
    except OSError as error:
        raise KeyFileError(f"{settings.policy_key_file}: the key towards policy-svc cannot be read.") from error


def _webhook_secret(settings: GatewaySettings) -> bytes | None:
    if settings.alert_webhook_url is None:
        return None
    file = settings.alert_webhook_secret_file
    if file is None:
        raise KeyFileError("GATEWAY_ALERT_WEBHOOK_URL wants GATEWAY_ALERT_WEBHOOK_SECRET_FILE: what is told has to be signed.")
    try:
        return secret_of(file.read_text())
    except (OSError, ValueError) as error:
        raise KeyFileError(f"{file}: holds no secret of a webhook: `whsec_` and 24 to 64 bytes as base64.") from error
