"""The toxicity model `hazards`, a Markov chain: each week at most one symbol, with a probability by the state.

The probabilities are a file that users edit (`hazards.toml` is ours): onsets by the level of ixazomib while no episode
of that toxicity is open, recoveries and worsening while one is, reports that it persists where those change something
(B-PERSIST), the second count where a low one is to be confirmed (B-CONFIRM-HOLD), and ends. Which episodes are open
and which level is in force is read off the machine. A number of the file is the probability that a symbol would have if
nothing else could happen in that week; several compete as constant rates do, and the first of them comes.

What is left out: values of laboratory tests (a symbol stands for the event at the boundary of its rule; the counts of
an assessment are low while an episode of low counts is open, and then the criteria for a new cycle cannot be met), the
patient's own susceptibility, the time since the start, and several events in one week. So the model is a Markov chain
on the machine's configurations, and `exact` can say what a cohort of any size tends to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ixastate.cohort.arrays import TENTHS, MachineArrays, cycle_length
from ixastate.cohort.log.codec import Code, encode
from ixastate.cohort.model import Block, Kernel, read_toml
from ixastate.cohort.models.hazards_kernel import BINS, pack, step_block, write_rows
from ixastate.cohort.rows import Rows, room
from ixastate.errors import InputError
from ixastate.events import DRUGS, parse_event
from ixastate.rules import Edition
from ixastate.symbols import (
    ENDS,
    NEUTROPENIA,
    NEW_CYCLE,
    THROMBOCYTOPENIA,
    TOXICITIES,
    TOXICITY,
    Recovery,
    Repeat,
    Start,
    StartBlocked,
    facts,
    starts,
    toxicities,
    usual_start,
)
from ixastate.symbols import symbols as alphabet
from ixastate.table.witness import witness

Probability = Annotated[float, Field(strict=True, ge=0, lt=1)]
HELD = "held"
# The toxicity whose episode keeps each onset from coming; None for one that ends treatment and may come at any time.
ONSETS = {onset.name: None if onset.stops else toxicity for toxicity in TOXICITIES for onset in toxicity.onsets}
# What may come while an episode is open, by the toxicity's key: its recoveries, and an onset that makes it worse.
WHILE_OPEN = {
    toxicity.key: {
        *(recovery.name for recovery in toxicity.recoveries),
        # A severe onset of another term opens an episode of its own.
        *(onset.name for onset in toxicity.opening if onset.needs_step and not toxicity.by_term),
    }
    for toxicity in TOXICITIES
}
# A report that would open the episode that is open already, by the toxicity of that episode.
AGAIN = {
    letter.name: toxicity
    for toxicity in TOXICITIES
    for letter in (toxicity.repeats if toxicity.by_term else [one for one in toxicity.opening if not one.needs_step])
}
# What may come while a low count is to be confirmed: that count again, low or not.
REPEATED = {
    name: toxicity
    for toxicity in TOXICITIES
    if toxicity.confirmed_by
    for name in [
        *(onset.name for onset in toxicity.opening),
        *(recovery.name for recovery in toxicity.recoveries),
    ]
}
END_NAMES = {end.name for end in ENDS}


class Entry(BaseModel):
    """A weekly probability with its source: one for every dose, or one by level in mg and for `held`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weekly: Probability | dict[str, Probability]
    source: Annotated[str, Field(min_length=1)]

    def at(self, level: str) -> float:
        """The probability at a level such as '2.3', or while ixazomib is held."""
        return self.weekly if isinstance(self.weekly, float) else self.weekly[level]


class Probabilities(BaseModel):
    """Symbols with a weekly probability each, and the source of them all."""

    model_config = ConfigDict(frozen=True, extra="allow")

    source: Annotated[str, Field(min_length=1)]
    __pydantic_extra__: dict[str, Probability]

    @property
    def by_symbol(self) -> dict[str, float]:
        """The probability of each symbol."""
        return dict(self.__pydantic_extra__)


class HazardsFile(BaseModel):
    """A file of weekly probabilities."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Annotated[str, Field(pattern="^hazards$")]
    start: Probabilities
    onset: dict[str, Entry]
    open: dict[str, Probabilities]
    persists: Probabilities | None = None
    repeated: Probabilities | None = None
    ends: Probabilities

    @property
    def again(self) -> dict[str, float]:
        """The probability of each report that an open episode persists."""
        return self.persists.by_symbol if self.persists else {}


@dataclass(frozen=True)
class Chain:
    """The Markov chain of a hazards file on the configurations that it can reach; `N` of them.

    `configurations` (N,) are their numbers in the table. `probabilities` (N, 32) are those of each symbol in a week,
    the symbols in the order of the table and last the week without one; `following` (N, 32) the state after each.
    `start` (N,) is the distribution after `course_started`.
    """

    configurations: NDArray[np.uint32]
    probabilities: NDArray[np.float64]
    following: NDArray[np.uint32]
    start: NDArray[np.float64]

    @property
    def state_bits(self) -> int:
        """Bits that number the states."""
        return max(1, (len(self.configurations) - 1).bit_length())

    @cached_property
    def packed(self) -> NDArray[np.uint64]:
        """The alias table that the kernel steps on."""
        return np.asarray(pack(self.probabilities, self.following, self.none, self.state_bits), np.uint64)

    # The column of the week without a symbol.
    none: int = BINS - 1


def competing(weekly: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(C, S) and (C,): the probability that each symbol comes first in a week, and that any does.

    `weekly` (C, S) are the probabilities that each would have alone. The symbols compete with constant rates.
    """
    rates = -np.log1p(-weekly)
    together = rates.sum(axis=1)
    total = -np.expm1(-together)
    share = np.divide(total, together, out=np.zeros_like(total), where=together > 0)
    return rates * share[:, None], total


@dataclass(frozen=True)
class Hazards:
    """The model with its parameters, as a `models.Model`."""

    text: str
    file: HazardsFile
    where: str
    name: str = "hazards"

    @classmethod
    def read(cls) -> Hazards:
        """The model with the parameters that come with the package."""
        return cls.parse((resources.files(__package__) / "hazards.toml").read_text(encoding="utf-8"), "hazards.toml")

    @classmethod
    def to_read(cls, text: str, where: str) -> Hazards:
        """The model of a run, to read its log by."""
        return cls.parse(text, where)

    @classmethod
    def parse(cls, text: str, where: str) -> Hazards:
        """The model of a TOML text; `InputError`, which names `where`, when it cannot be used."""
        data = read_toml(text, where)
        try:
            file = HazardsFile.model_validate(data)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            # Pydantic also names which of the two forms of `weekly` it tried.
            field = ".".join(str(part) for part in problem["loc"] if "float" not in str(part))
            raise InputError(problem["msg"], where=f"{where}: {field}", remedy="see the file of the package") from None
        model = cls(text, file, where)
        model._check()
        return model

    def _check(self) -> None:
        """What the fields cannot say alone."""
        file = self.file
        self._known("onset", file.onset, ONSETS)
        self._known("open", file.open, WHILE_OPEN)
        for toxicity, entry in file.open.items():
            self._known(f"open.{toxicity}", entry.by_symbol, WHILE_OPEN[toxicity])
        self._known("persists", file.again, AGAIN)
        if file.repeated:
            self._known("repeated", file.repeated.by_symbol, REPEATED)
        self._known("ends", file.ends.by_symbol, END_NAMES)
        total = sum(file.start.by_symbol.values())
        if abs(total - 1) > 1e-9:
            raise InputError(f"the shares sum to {total:g}", where=f"{self.where}: start", remedy="make them sum to 1")

    def _known(self, section: str, names: Mapping[str, object], known: Mapping[str, object] | set[str]) -> None:
        unknown = sorted(set(names) - set(known))
        if unknown:
            raise InputError(
                f"{unknown[0]!r} does not belong there",
                where=f"{self.where}: {section}",
                remedy=f"one of {', '.join(sorted(known))}",
            )

    # --- The chain --------------------------------------------------------------------------------------------

    def chain(self, arrays: MachineArrays) -> Chain:
        """The Markov chain on this machine; `InputError` when the file does not fit it."""
        if len(arrays.table.symbols) >= BINS:
            raise InputError(
                f"the edition has {len(arrays.table.symbols)} symbols, and the model tells at most {BINS - 1} apart",
                where=f"edition {arrays.edition.name}",
                remedy="use the model pkpd",
            )
        weekly, total = competing(self._weekly(arrays))
        shares = np.zeros(len(weekly))
        begins = [start.name for start in starts(arrays.edition)]
        for symbol, share in self.file.start.by_symbol.items():
            if symbol not in begins:
                raise InputError(
                    f"{symbol!r} starts no course",
                    where=f"{self.where}: start",
                    remedy=f"one of {', '.join(begins)}",
                )
            shares[arrays.following[0, arrays.numbers[symbol]]] += share

        reached = self._reached(arrays, weekly, shares)
        place = np.zeros(len(weekly), np.uint32)
        place[reached] = np.arange(len(reached), dtype=np.uint32)
        symbols = weekly.shape[1]
        probabilities = np.zeros((len(reached), BINS))
        following = np.repeat(np.arange(len(reached), dtype=np.uint32)[:, None], BINS, axis=1)
        probabilities[:, :symbols] = weekly[reached]
        following[:, :symbols] = np.where(weekly[reached] > 0, place[arrays.following[reached]], following[:, :symbols])
        probabilities[:, BINS - 1] = 1 - total[reached]
        return Chain(reached.astype(np.uint32), probabilities, following, shares[reached])

    def _weekly(self, arrays: MachineArrays) -> NDArray[np.float64]:
        """(C, S): the probability of each symbol in a week, by configuration."""
        weekly = np.zeros(arrays.following.shape)
        treated, numbers = arrays.treated, arrays.numbers
        ixazomib = DRUGS.index("ixazomib")
        level, given = arrays.level[:, ixazomib], arrays.given[:, ixazomib] > 0
        opened = {toxicity.key: arrays.open_episodes(toxicity) for toxicity in toxicities(arrays.edition)}
        pending = {toxicity.key: arrays.to_confirm(toxicity) for toxicity in toxicities(arrays.edition)}
        for symbol, entry in self.file.onset.items():
            if symbol not in numbers:
                continue
            toxicity = ONSETS[symbol]
            may = treated & ~opened[toxicity.key] if toxicity else treated
            for name, states in self._levels(arrays.edition, level, given).items():
                weekly[may & states, numbers[symbol]] = self._at(entry, name, symbol)
        for toxicity in toxicities(arrays.edition):
            if toxicity.key not in self.file.open:
                continue
            # No recovery can be seen while the counts that its event carries are low.
            low = [opened[TOXICITY[counted].key] for _, counted in toxicity.counts]
            may = opened[toxicity.key] & ~np.any(low, axis=0) if low else opened[toxicity.key]
            for symbol, probability in self.file.open[toxicity.key].by_symbol.items():
                weekly[may, numbers[symbol]] = probability
        for symbol, probability in self.file.again.items():
            if symbol in numbers:
                # Where such a report changes nothing it is left out, so that it takes no other symbol's place.
                acts = arrays.following[:, numbers[symbol]] != np.arange(len(weekly))
                weekly[opened[AGAIN[symbol].key] & acts, numbers[symbol]] = probability
        for symbol, probability in self._repeated(arrays.edition).items():
            weekly[pending[REPEATED[symbol].key], numbers[symbol]] = probability
        for symbol, probability in self.file.ends.by_symbol.items():
            weekly[treated, numbers[symbol]] = probability
        return weekly

    def _repeated(self, edition: Edition) -> dict[str, float]:
        """The probabilities of the count that is asked for, in an edition that has low counts confirmed."""
        wanted = {symbol for symbol, toxicity in REPEATED.items() if toxicity.is_confirmed(edition)}
        given = self.file.repeated.by_symbol if self.file.repeated else {}
        missing = sorted(wanted - set(given))
        if missing:
            raise InputError(
                f"no probability of {missing[0]!r} while a low count is to be confirmed",
                where=f"{self.where}: repeated",
                remedy=f"the edition {edition.name} has low counts confirmed: give {', '.join(sorted(wanted))}",
            )
        return {symbol: given[symbol] for symbol in wanted}

    def _levels(
        self, edition: Edition, level: NDArray[np.int16], given: NDArray[np.bool_]
    ) -> dict[str, NDArray[np.bool_]]:
        by_level = {f"{mg:g}": given & (level == round(mg * TENTHS)) for mg in edition.ixazomib_ladder_mg}
        return by_level | {HELD: ~given}

    def _at(self, entry: Entry, name: str, symbol: str) -> float:
        try:
            return entry.at(name)
        except KeyError:
            raise InputError(
                f"no probability for {name!r}",
                where=f"{self.where}: onset.{symbol}",
                remedy="give one for each level in mg and for held, or one number for all",
            ) from None

    def _reached(
        self, arrays: MachineArrays, weekly: NDArray[np.float64], shares: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """The configurations that a course can reach, nearest first: those that are met most often lie together."""
        seen = np.zeros(len(weekly), bool)
        frontier = np.flatnonzero(shares)
        found = [frontier]
        seen[frontier] = True
        while len(frontier):
            steps = arrays.following[frontier][weekly[frontier] > 0]
            frontier = np.unique(steps[~seen[steps]]).astype(np.int64)
            seen[frontier] = True
            found.append(frontier)
        return np.concatenate(found)

    # --- The model --------------------------------------------------------------------------------------------

    def kernel(self, arrays: MachineArrays, seed: int, cycles: int) -> Kernel:
        """The model on this machine."""
        chain = self.chain(arrays)
        weeks = cycles * cycle_length(arrays.edition) // 7 - 1
        names = list(self.file.start.by_symbol)
        start_symbols = np.array([arrays.numbers[name] for name in names], np.uint8)
        places = {int(number): place for place, number in enumerate(chain.configurations)}
        start_states = np.array([places[int(arrays.following[0, symbol])] for symbol in start_symbols], np.uint64)
        shares = np.cumsum(list(self.file.start.by_symbol.values()))
        shares[-1] = 1.0
        repeat_low_counts = _repeating_low_counts(arrays)
        codes = np.array(self._codes(arrays), np.int64)
        kinds, values, seconds, terms, details = (np.ascontiguousarray(column) for column in codes.T)

        key = np.uint64(seed)

        def run(first: int, count: int) -> Block:
            symbols = np.empty((count, weeks), np.uint8)
            starts, final = np.empty(count, np.uint8), np.empty(count, np.uint32)
            step_block(
                chain.packed, chain.state_bits, start_states, shares, key, first, count, weeks, symbols, starts, final
            )
            rows = room(count + int(np.count_nonzero(symbols != chain.none)))
            written = write_rows(
                symbols,
                starts,
                start_symbols,
                chain.none,
                first,
                arrays.following,
                arrays.output,
                kinds,
                values,
                seconds,
                terms,
                details,
                *rows.columns().values(),
            )
            assert written == len(rows)
            repeat_low_counts(rows)
            return Block(rows, {"start": start_symbols[starts]})

        return run

    def start_facts(self, edition: Edition, baseline: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of `course_started` other than the date; the log names the starting symbol."""
        (started,) = witness([baseline["start"]], edition)
        return started.model_dump(exclude={"type", "day", "at", "patient"}, exclude_none=True)

    def _codes(self, arrays: MachineArrays) -> list[Code]:
        """For each symbol the row of an event that means it, as `witness` finds it on the boundary of its rule."""
        edition = arrays.edition
        letters = alphabet(edition)
        codes = []
        for name in arrays.table.symbols:
            symbol = letters[name]
            before = [] if isinstance(symbol, Start | StartBlocked) else [usual_start(edition).name]
            if isinstance(symbol, Repeat | Recovery) and TOXICITY[symbol.toxicity].by_term:
                # Its term is that of the episode.
                before.append(TOXICITY[symbol.toxicity].opening[0].name)
            codes.append(encode(witness([*before, name], edition)[-1]))
        return codes


def _repeating_low_counts(arrays: MachineArrays) -> Callable[[Rows], None]:
    """Lowers the counts of the assessments among some rows, where an episode of low counts is open."""
    edition = arrays.edition
    if NEW_CYCLE not in toxicities(edition):
        return lambda rows: None
    (unmet,) = NEW_CYCLE.onsets
    low = encode(parse_event({"day": 1, **facts(unmet, edition, [counted for _, counted in NEW_CYCLE.counts])}))
    neutropenia, thrombocytopenia = arrays.open_episodes(NEUTROPENIA), arrays.open_episodes(THROMBOCYTOPENIA)

    def repeat(rows: Rows) -> None:
        assessed = rows.symbol == arrays.numbers[unmet.name]
        rows.value[assessed & neutropenia[rows.configuration]] = low.value
        rows.second[assessed & thrombocytopenia[rows.configuration]] = low.second

    return repeat
