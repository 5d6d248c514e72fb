"""A certificate for a door that nobody has given one: signed by itself, good for trying out. Never changes one that exists."""

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

CERTIFICATE: Final = "tls.crt"
KEY: Final = "tls.key"
GOOD_FOR: Final = timedelta(days=397)  # what browsers take at most


def make_tls(folder: Path, name: str, since: datetime | None = None) -> None:
    """Make key and certificate for ``name``, and for this machine by whichever name, unless there are any.

    The certificate holds from ``since`` on, if not told from now.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / CERTIFICATE).exists() or (folder / KEY).exists():
        return
    key = ec.generate_private_key(ec.SECP256R1())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(folder / KEY, secret, 0o600)
    _write(folder / CERTIFICATE, _signed_by_itself(key, name, since or datetime.now(UTC)).public_bytes(Encoding.PEM), 0o644)


def _signed_by_itself(key: ec.EllipticCurvePrivateKey, name: str, since: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    names = [_general(each) for each in dict.fromkeys((name, "localhost", "127.0.0.1"))]
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(since).not_valid_after(since + GOOD_FOR)
    made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return made.sign(key, SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
