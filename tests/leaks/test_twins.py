"""Twin worlds in their short form; `make leaks` flips every attribute. Run after the matrix, whose people they change."""

from . import twins
from .cast import cast
from .expected import ATTRIBUTES
from .flips import changed, flips
from .target import Target
from .world import World


def test_every_attribute_differs_in_some_pair_of_worlds() -> None:
    for who in cast():
        if who.name in twins.FLIPPED:
            pairs = [changed(who.values, {**who.values, name: value}) for name, value in flips(who)]
            # A change of region or of majority would change record facts: those are the matrix's.
            assert frozenset[str]().union(*pairs) == ATTRIBUTES.keys() - {"adult", "of_working_age", "region", "initials"}


async def test_no_answer_tells_of_a_withheld_flip(empty: Target, world: World) -> None:
    found = await twins.run(empty, world, short=True)
    assert found.kept, "\n".join(found.findings[:30])
