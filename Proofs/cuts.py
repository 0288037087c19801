"""Which moments the power is cut at, and what a disk may keep then of what was not flushed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from disk import Block, Record

ALL, NONE, SOME, REORDERED = "all lost", "none lost", "some lost", "reordered"
WAYS = {
    ALL: "every write that no flush had made safe is lost",
    NONE: "no write is lost, only what the daemon had not written yet",
    SOME: "each unflushed block is kept or lost by chance",
    REORDERED: "late unflushed writes are kept, earlier ones lost",
}


@dataclass(frozen=True)
class Cut:
    """A moment, as the number of the first event that is lost, and the unflushed blocks that are kept."""

    position: int
    way: str
    kept: frozenset[Block]


def plan(made: Record, begin: int, states: int, randomness: random.Random) -> list[Cut]:
    """The cuts to try, in the order of their moments: half of them at flushes, the rest at random points between."""
    # A cut just before a flush covers every acknowledgement since the flush before it.
    ends = [flush for flush in made.flushes if flush > begin] + [len(made.events)]
    strict = states if states >= 2 * len(ends) else states // 2
    chosen = ends if strict >= len(ends) else sorted(randomness.sample(ends, strict))
    cuts = [Cut(position, ALL, frozenset()) for position in chosen]
    between = range(begin + 1, len(made.events) + 1)
    busy = [position for position in between if len(made.unflushed(position)) > 1]
    rest = max(states - len(cuts), 0)
    for number in range(rest):
        way = (SOME, REORDERED, NONE)[number % 3]
        position = randomness.choice(between if way == NONE else busy)
        blocks = made.unflushed(position)
        if way == NONE:
            kept = blocks
        elif way == SOME:
            share = randomness.choice((0.1, 0.5, 0.9))
            kept = [block for block in blocks if randomness.random() < share]
        else:
            kept = blocks[randomness.randrange(1, len(blocks)):]
        cuts.append(Cut(position, way, frozenset(kept)))
    return sorted(cuts, key=lambda cut: cut.position)
