"""The fairness constraint: of each group at least so many seats. Pure; groups are opaque numbers.

Staying without a place becomes a place of its own for each group, with just the seats that its floor leaves. So a problem with
floors is an ordinary problem again: solved, bounded, explained and refused as infeasible by the same code.
"""

from dataclasses import replace

import numpy as np

from matching_svc.allocation.problem import NOT_ALLOWED, NOWHERE, Allocation, Ints, Problem


def with_floors(problem: Problem, groups: Ints, least: Ints) -> Problem:
    """``groups[party]`` counts from 0; at least ``least[group]`` seats of each group must be filled."""
    needed = np.bincount(groups, weights=problem.seats, minlength=len(least)).astype(np.int64)
    stays = np.where(groups[:, None] == np.arange(len(least))[None, :], 0, NOT_ALLOWED).astype(np.int32)
    stays[problem.required] = NOT_ALLOWED
    return Problem(
        scores=np.hstack([problem.scores, stays]),
        seats=problem.seats,
        capacities=np.concatenate([problem.capacities, np.maximum(0, needed - least)]),
        required=np.ones(len(groups), np.bool_),
    )


def without_floors(problem: Problem, found: Allocation) -> Allocation:
    """The allocation of ``with_floors(problem, …)`` as one of ``problem``; its bound is of those that keep the floors."""
    places = len(problem.capacities)
    chosen = np.where(found.chosen >= places, NOWHERE, found.chosen)
    return replace(found, chosen=chosen, prices=found.prices[:places])


def placed_in(problem: Problem, groups: Ints, chosen: Ints, count: int) -> Ints:
    """Seats filled by each group."""
    filled = np.where(chosen != NOWHERE, problem.seats, 0)
    return np.bincount(groups, weights=filled, minlength=count).astype(np.int64)


def even_share(problem: Problem, groups: Ints, chosen: Ints, share: float, count: int) -> Ints:
    """Floors under which each group's rate of placement is at least ``share`` of the rate of all in ``chosen``.

    Never more than those of the group who could be placed at all.
    """
    sizes = np.bincount(groups, weights=problem.seats, minlength=count)
    could = np.bincount(groups, weights=np.where(problem.possible.any(axis=1), problem.seats, 0), minlength=count)
    rate = placed_in(problem, groups, chosen, count).sum() / max(1.0, sizes.sum())
    least: Ints = np.minimum(np.floor(share * rate * sizes), could).astype(np.int64)
    return least
