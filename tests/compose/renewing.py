"""A new certificate in the place of the old one, as whoever issues it would bring it."""

import os
import shutil
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from stena_local.tls_files import CERTIFICATE, KEY, make_tls

from .drills import URL, say, until

FOLDER: Final = Path(os.environ["STENA_SECRETS"]) / "tls"


@contextmanager
def certificate_renewed() -> Iterator[Callable[[], None]]:
    """What is yielded puts it there. Whoever calls meanwhile trusts both; at the end the new one has to be shown."""
    with tempfile.TemporaryDirectory() as place:
        made, known = Path(place), Path(os.environ["SSL_CERT_FILE"])
        make_tls(made, "renewed.localhost")  # of several with one name OpenSSL trusts the first
        wanted = (made / CERTIFICATE).read_text()
        (made / "both").write_text(known.read_text() + wanted)
        os.environ["SSL_CERT_FILE"] = str(made / "both")
        try:
            yield lambda: put(made)
            took = until(lambda: shown() == wanted, "the new certificate")
            say(f"the new certificate is shown, {took:.1f} s after all of it")
        finally:
            os.environ["SSL_CERT_FILE"] = str(known)


def put(made: Path) -> None:
    """Into the files that are there, which keep their owner."""
    for name in (KEY, CERTIFICATE):
        shutil.copyfile(made / name, FOLDER / name)


def shown() -> str:
    door = urlsplit(URL)
    return ssl.get_server_certificate((str(door.hostname), door.port or 443))
