"""Does what the runbook says, section by section, on the containers that `deploy/compose-test.sh` has brought up.

python -m tests.compose [SECTION …]
"""

import sys
from collections.abc import Callable
from functools import partial

from stena_local.demo.upstreams import Client

from .callers import ORGANISATION, client
from .doctor import names_what_is_broken
from .door import refuses_by_itself
from .drills import (
    activated_everywhere,
    all_healthy,
    back_to_a_moment,
    disk_lost,
    dumps_restored,
    say,
    until,
    without_loss,
)
from .page import do
from .renewing import certificate_renewed
from .replicas import a_job_goes_on, a_sign_in_goes_on


def scale(_: Client) -> None:
    do("Scale", 0)
    say(f"scaled: all healthy {until(all_healthy, 'health of all replicas'):.0f} s later")
    say(f"a rulebook that was activated decides at both replicas after {activated_everywhere():.1f} s")
    a_job_goes_on()


def door(_: Client) -> None:
    refuses_by_itself()
    a_sign_in_goes_on()


def watch(_: Client) -> None:
    do("Watch")
    names_what_is_broken()


def upgrade(caller: Client) -> None:
    without_loss("every service replaced, one container after the other", lambda: do("Upgrade"), caller)


def rotate(caller: Client) -> None:
    with certificate_renewed() as put:
        without_loss("certificate, keys and a password renewed", lambda: (put(), do("Rotate")), caller)


def as_the_page_says(title: str, _: Client) -> None:
    do(title)
    say(f"{title}: as the page says")


SECTIONS: dict[str, Callable[[Client], None]] = {
    "Scale": scale,
    "The door": door,
    "Connect": partial(as_the_page_says, "Connect"),
    "Watch": watch,
    "Upgrade": upgrade,
    "Rotate": rotate,
    "Back up": disk_lost,
    "A moment": back_to_a_moment,
    "Restore": dumps_restored,
    "The journal of erasures": partial(as_the_page_says, "The journal of erasures"),
    "Incident": partial(as_the_page_says, "Incident"),
}


def main() -> None:
    caller = client(ORGANISATION)
    for title in sys.argv[1:] or SECTIONS:
        SECTIONS[title](caller)


if __name__ == "__main__":
    main()
