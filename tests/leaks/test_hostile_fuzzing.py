"""schemathesis over every call of the document: nothing breaks, and every answer is one that the document tells of.

A short look, at every run; ``python -m tests.leaks.fuzzing --max-examples 100`` looks for longer.
"""

from pathlib import Path

from .fuzzing import fuzz, table
from .hostile.door import Door
from .in_process import InProcess
from .target import Target


async def test_every_answer_to_whatever_is_sent_is_in_the_document(target: Target, door: Door, tmp_path: Path) -> None:
    assert isinstance(target, InProcess)
    how = ("--max-examples=1", "--phases=examples,fuzzing,stateful", "--max-time=20", "--continue-on-failure", "--no-shrink")
    fuzzed = await fuzz(target, door, tmp_path, *how)
    assert fuzzed.passed, f"{fuzzed.said}\n{table(fuzzed)}"
    assert len({name.split()[0] for name in fuzzed.answers}) > 30, "hardly any call was made"
    assert fuzzed.share("right", "2") > 0.25, f"hardly any call got behind the door\n{table(fuzzed)}"
