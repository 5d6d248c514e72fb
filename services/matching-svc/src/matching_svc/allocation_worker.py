"""The process in which one allocation is computed: a task comes in, lines of JSON go out. Knows no database, and nobody but us.

It ends when its parent ends: nothing goes on computing that nobody will fetch, and a cancelled job stops inside the solver.
"""

import os
import pickle
import sys
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO

import orjson

from matching_svc.allocation.building import Task, evenness_of, placements_of, problem_of, totals_of
from matching_svc.allocation.problem import Infeasible
from matching_svc.allocation.solving import solve

LENGTH = 8
"""Bytes before the task that say how long it is."""


def main() -> None:
    task = _read(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, args=(sys.stdin.fileno(),), daemon=True).start()
    run(task, sys.stdout.buffer)


def written(task: Task) -> bytes:
    """The task as this process reads it. It comes from our own parent alone, through a pipe."""
    content = pickle.dumps(task, protocol=pickle.HIGHEST_PROTOCOL)
    return len(content).to_bytes(LENGTH, "big") + content


def run(task: Task, out: BinaryIO) -> None:
    """Stages as they go by, and as the last line either ``result`` with ``placements`` or ``shortage``."""
    problem = problem_of(task, lambda share: _say(out, stage="scoring", progress=0.8 * share))
    _say(out, stage="solving", progress=0.8)
    try:
        solved = solve(problem, evenness_of(task))
    except Infeasible as shortage:
        _say(out, shortage=_shortage(task, shortage))
        return
    _say(out, stage="explaining", progress=0.95)
    placements = {
        each.person: each.model_dump(mode="json", exclude={"person", "confirmed"})
        for each in placements_of(task, problem, solved)
    }
    _say(out, result={"totals": totals_of(task, problem, solved).model_dump(mode="json")}, placements=placements)


def _shortage(task: Task, shortage: Infeasible) -> Mapping[str, Any]:
    """Places beyond the opportunities are those that floors leave for staying without one."""
    parties = task.parties
    return {
        "people": [task.people[at].person for party in shortage.parties for at in parties[party]],
        "opportunities": [task.opportunities[at].id for at in shortage.places if at < len(task.opportunities)],
    }


def _read(pipe: BinaryIO) -> Task:
    length = int.from_bytes(pipe.read(LENGTH), "big")
    task = pickle.loads(pipe.read(length))  # noqa: S301 -- from our own parent, through a pipe
    if not isinstance(task, Task):
        raise TypeError("no task")
    return task


def _end_with_parent(pipe: int) -> None:
    """Past the task nothing is sent, so that a read ends when the other side has gone. Without Python's buffer, whose lock
    would be held when we end by ourselves."""
    os.read(pipe, 1)
    os._exit(1)


def _say(out: BinaryIO, **said: Any) -> None:
    out.write(orjson.dumps(said) + b"\n")
    out.flush()


if __name__ == "__main__":
    main()
