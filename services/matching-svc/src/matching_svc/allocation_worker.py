"""The process in which one allocation is computed: a task comes in, lines of JSON go out. Knows no database, and nobody but us.

It ends when its parent ends: nothing goes on computing that nobody will fetch, and a cancelled job stops inside the solver.
"""

import gc
import os
import pickle
import sys
import threading
from typing import Any, BinaryIO

import orjson

from matching_svc.allocation.building import problem_of
from matching_svc.allocation.gating import Gates
from matching_svc.allocation.problem import Infeasible
from matching_svc.allocation.proposing import compute, placements_of, prices_of, totals_of
from matching_svc.allocation.refusing import shortage_of
from matching_svc.allocation.task import Task

LENGTH = 8
"""Bytes before the task that say how long it is."""


def main() -> None:
    gc.disable()  # it lives as long as one job, and makes nothing that refers to itself
    task = _read(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, args=(sys.stdin.fileno(),), daemon=True).start()
    run(task, sys.stdout.buffer)


def written(task: Task) -> bytes:
    """The task as this process reads it. It comes from our own parent alone, through a pipe."""
    content = pickle.dumps(task, protocol=pickle.HIGHEST_PROTOCOL)
    return len(content).to_bytes(LENGTH, "big") + content


def run(task: Task, out: BinaryIO) -> None:
    """Stages as they go by, and as the last line either ``result`` with ``placements`` or ``shortage``."""
    gates = Gates(task)
    problem = problem_of(task, gates, lambda share: _say(out, stage="scoring", progress=0.8 * share))
    _say(out, stage="solving", progress=0.8)
    try:
        computed = compute(task, problem)
    except Infeasible as shortage:
        _say(out, shortage=shortage_of(task, gates, problem, shortage).model_dump(mode="json"))
        return
    _say(out, stage="explaining", progress=0.95)
    placements = {
        each.person: each.model_dump(mode="json", exclude={"person", "confirmed"})
        for each in placements_of(task, gates, problem, computed)
    }
    result = {
        "totals": totals_of(task, problem, computed).model_dump(mode="json"),
        "prices": prices_of(task, computed.found),
        "model": task.knowledge.model.model,
    }
    _say(out, result=result, placements=placements)


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
