"""Python's collector of what refers to itself, told what a service is: much that stays, and calls that leave nothing behind."""

import gc
from typing import Final

YOUNG: Final = 10_000
"""Objects that are made before the collector looks through them: more than a page of people has, all of them in use. By its own
count, 700, looking took a third of the time of a page."""


def settle() -> None:
    """What is in memory now stays: looking through it all would stop answers for up to a second.

    To be called once by a process that has read all it lives by. What is replaced later is still freed: it has no circles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
