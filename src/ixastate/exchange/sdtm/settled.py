"""Results with a sign: whether what `<` or `>` leaves open matters to a course.

A laboratory that reports `<0.1` has measured no number. The alphabet is asked whether it would take the result: it
refuses one where the sign leaves open on which side of a limit it lies (B-COMPARATOR). A log holds for every edition,
so every edition is asked.
"""

from __future__ import annotations

from ixastate.course.alphabet import Context, read
from ixastate.editions import EDITIONS
from ixastate.errors import CourseRefusal
from ixastate.events import AnyEvent
from ixastate.rules import load_edition


def is_settled(event: AnyEvent) -> bool:
    """False for an event of which a sign leaves open, in some edition, what follows from it."""
    for edition in EDITIONS:
        try:
            read(event, Context(), load_edition(edition))
        except CourseRefusal:
            return False
    return True
