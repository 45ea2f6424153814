"""Saved courses: a snapshot from what was saved, and whether it can ever have been.

What a snapshot says is believed no further than its parts agree: each change of its history must be what some event
does, and what it remembers must be what the course would. Of a course that keeps its facts nothing is believed at all:
`Course.resume` makes it again from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from ixastate.chart.builder import Machine
from ixastate.chart.reasons import effects_of
from ixastate.chart.states import Episode
from ixastate.course.alphabet import Context, of_one_event, read
from ixastate.course.earned import fits, who_owes
from ixastate.course.record import Snapshot
from ixastate.course.slots import slots_fit
from ixastate.errors import ChartError, InputError
from ixastate.events import Neuropathy
from ixastate.fields import FIRST_YEAR, LAST_YEAR, explain
from ixastate.files import unmarked
from ixastate.symbols import DISCONTINUED, OTHER, SCREENING, Configuration


def read_snapshot(saved: Snapshot | Mapping[str, Any] | str | bytes) -> Snapshot:
    """A snapshot from what was saved; `InputError` names the field that is damaged."""
    if isinstance(saved, Snapshot):
        return saved
    try:
        if isinstance(saved, Mapping):
            return Snapshot.model_validate(dict(saved))
        if isinstance(saved, str):
            return Snapshot.model_validate_json(unmarked(saved))
        return Snapshot.model_validate_json(unmarked(saved) if isinstance(saved, bytes) else saved)
    except ValidationError as error:
        problem = explain(error, "snapshot", Snapshot)
        raise InputError(problem.what, where=problem.where, remedy=f"{problem.remedy}; or save it again") from None
    except TypeError:
        kind = type(saved).__name__
        raise InputError(
            f"a snapshot is a Snapshot, or its JSON as text or as a dict, not {kind}",
            where="snapshot",
            remedy="save it with `course.snapshot().model_dump_json()`",
        ) from None


def require_possible(saved: Snapshot, machine: Machine) -> None:
    """`InputError` for a snapshot that no course of this machine can have left.

    `ChartError` for a configuration that is not the machine's.
    """
    for configuration in (saved.configuration, *(changed for _, changed in saved.history)):
        machine.require_legal(configuration)
    for fitting, what in _parts(saved, machine):
        if not fitting:
            raise InputError(f"its parts do not fit together: {what}", where="snapshot", remedy="save it again")


def _parts(saved: Snapshot, machine: Machine) -> Iterator[tuple[bool, str]]:
    """Whether what must hold of a snapshot does, with the words for where it does not; in this order."""
    known = saved.history[-1][1] if saved.history else SCREENING
    moments = [moment for moment, _ in saved.history]
    status = machine.status(saved.configuration)
    treated = status.phase == "on treatment"
    yield known == saved.configuration, "the configuration is not that of the last change"
    yield moments == sorted(moments), "the changes are not in the order of their moments"
    yield not moments or (saved.latest is not None and moments[-1] <= saved.latest), "a change is later than `latest`"
    yield all(FIRST_YEAR <= moment.year < 2 * LAST_YEAR for moment in moments), "a change lies in no possible year"
    yield len(moments) <= saved.number, "there are more changes than events"
    yield saved.rewritten <= saved.number, "`rewritten` is of an event that is still to come"
    yield not treated or saved.start is not None, "the course is on treatment without a start"
    baseline = saved.start.baseline_neuropathy if saved.start else Neuropathy(grade=0)
    yield saved.baseline_neuropathy == baseline, "the baseline neuropathy is not that of the start"
    yield _changes_follow(saved, machine), "no event makes one of its changes"
    terms = [term for term, _ in saved.open_terms]
    yield terms == sorted(set(terms)), "the open terms are not in their order, each once"
    others = [machine.meanings.get(leaf) for leaf in saved.configuration]
    is_open = any(isinstance(one, Episode) and one.toxicity == OTHER.name and one.open for one in others)
    yield not treated or is_open == bool(terms), "the open terms are not those of the configuration"
    yield bool(terms) or not saved.related, "`related` is said of no open term"
    held = {drug for drug in ("ixazomib", "lenalidomide") if status.held(drug)}
    yield not treated or held >= set(saved.reviewed), "a hold is reviewed that is none"
    yield slots_fit(saved, machine.edition), "the planned doses are not those of the calendar"
    owing = who_owes(machine.meanings, saved.configuration)
    yield fits(saved.owed, owing, effects_of(saved.edition)), "what is owed is not what the configuration owes"


def _changes_follow(saved: Snapshot, machine: Machine) -> bool:
    """Whether each change is what some event does in the configuration before it, the first of them the start."""
    changes = [changed for _, changed in saved.history]
    if saved.start is not None:
        begun = read(saved.start, Context(), machine.edition).symbols
        if not changes or _after(machine, SCREENING, begun) != changes[0] or changes[0] == SCREENING:
            return False
    elif changes not in ([], [DISCONTINUED]):
        return False
    meanings = of_one_event(machine.edition)
    return all(
        before != after and any(_after(machine, before, symbols) == after for symbols in meanings)
        for before, after in pairwise(changes)
    )


def _after(machine: Machine, before: Configuration, symbols: tuple[str, ...]) -> Configuration | None:
    """The configuration after these symbols; None where one of them means nothing."""
    for symbol in symbols:
        if before == DISCONTINUED:
            return None
        try:
            before = machine.step(before, symbol).after
        except ChartError:
            return None
    return before
