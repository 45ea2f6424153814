"""The plan of a run: the arguments that decide its bytes, and how its patients fall into shards.

The same plan gives the same cohort, whatever computes it. A shard is the patients of one file; a block is what a kernel
computes in one call, and what is digested.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from ixastate.cohort.arrays import MachineArrays, kept_arrays
from ixastate.cohort.log.ledger import Bookkeeper
from ixastate.cohort.model import Kernel, Model, read_toml
from ixastate.cohort.models.hazards import Hazards
from ixastate.cohort.models.parameters import FORMER_NAME
from ixastate.cohort.models.pkpd import Pkpd
from ixastate.errors import InputError
from ixastate.files import unmarked
from ixastate.rules import DEFAULT_EDITION
from ixastate.table.table import Table

BLOCK = 1024
SHARD = 32 * BLOCK
MOST_PATIENTS = 2**32 - 1
MOST_CYCLES = 250
MOST_SEED = 2**64 - 1
MODELS: dict[str, type[Hazards] | type[Pkpd]] = {Pkpd.name: Pkpd, Hazards.name: Hazards}
DEFAULT_MODEL = Pkpd.name
# Names of version 0.1, which its runs and parameter files carry.
FORMER_NAMES = {FORMER_NAME: Pkpd.name}


@dataclass(frozen=True)
class Plan:
    """The arguments of a run. `toxicity` is the text of the parameters of the model `model`.

    `true`: the log has the true count beside each that was measured.

    A plan of an earlier version keeps the name that its model had then, since the files of its run carry it.
    """

    patients: int
    cycles: int
    seed: int
    edition: str
    model: str
    toxicity: str
    shard: int = SHARD
    true: bool = False

    def __post_init__(self) -> None:
        for name in ("edition", "model", "toxicity"):
            if not isinstance(getattr(self, name), str):
                raise InputError(f"{getattr(self, name)!r} is no text", where=name, remedy="simulate it again")
        if not isinstance(self.true, bool):
            raise InputError(f"{self.true!r} is neither true nor false", where="true", remedy="simulate it again")
        if self.true and self.model_name != Pkpd.name:
            raise InputError(
                f"the model {self.model_name} measures without error, so that every count is the true one",
                where="--true",
                remedy=f"leave --true out, or take the model {Pkpd.name}",
            )
        limits = {
            "patients": (1, MOST_PATIENTS),
            "cycles": (1, MOST_CYCLES),
            "seed": (0, MOST_SEED),
            "shard": (BLOCK, MOST_PATIENTS),
        }
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise InputError(f"{value!r} is no number of that kind", where=name, remedy=f"from {least} to {most:,}")
        if self.shard % BLOCK:
            raise InputError(
                f"{self.shard} is not a whole number of blocks", where="shard", remedy=f"a multiple of {BLOCK}"
            )

    @property
    def model_name(self) -> str:
        """What the model is called today."""
        return model_name(self.model)

    def deciding(self) -> dict[str, Any]:
        """What decides the cohort, by name: plans that are equal here give the same cohort in the same files.

        The model goes by its name of today, and of its parameters comments and spacing do not count.
        """
        parameters = read_toml(self.toxicity, "toxicity")
        parameters["model"] = self.model_name
        # As text, because the order of entries counts.
        return {**self.as_json(), "model": self.model_name, "toxicity": json.dumps(parameters, default=str)}

    @property
    def shards(self) -> int:
        """The number of shards."""
        return -(-self.patients // self.shard)

    def span(self, shard: int) -> range:
        """The patients of a shard, numbered from 0."""
        return range(shard * self.shard, min((shard + 1) * self.shard, self.patients))

    def blocks(self, shard: int) -> list[tuple[int, int]]:
        """The blocks of a shard: first patient and count."""
        span = self.span(shard)
        return [(first, min(BLOCK, span.stop - first)) for first in range(span.start, span.stop, BLOCK)]

    def as_json(self) -> dict[str, Any]:
        """The plan as a JSON object; what was not asked for is left out, as it was before it could be asked for."""
        return {name: value for name, value in asdict(self).items() if name != "true" or value}

    @classmethod
    def from_json(cls, value: Any, where: str) -> Plan:
        """A plan from its JSON object; `InputError` when it is not one."""
        if not isinstance(value, dict) or {*value, "true"} != {field.name for field in fields(cls)}:
            raise InputError("the arguments of the run are damaged", where=where, remedy="simulate it again")
        return cls(**value)


@dataclass(frozen=True)
class RunContext:
    """What computing a plan's blocks needs: the machine, the model and its kernel, and the dose ledger."""

    plan: Plan
    arrays: MachineArrays

    @cached_property
    def model(self) -> Model:
        """The model with the plan's parameters; `InputError` for those of an earlier version."""
        return model_of(self.plan.toxicity, f"{self.plan.model}.toml")

    @cached_property
    def kernel(self) -> Kernel:
        """The model made ready for the machine."""
        return self.model.kernel(self.arrays, self.plan.seed, self.plan.cycles)

    def prepare(self) -> None:
        """Make the kernel now; `InputError` when the parameters do not fit the machine."""
        _ = self.kernel

    @cached_property
    def bookkeeper(self) -> Bookkeeper:
        """Keeps the ledgers."""
        return Bookkeeper.of(self.arrays, self.plan.cycles)


def model_name(name: str) -> str:
    """What a model is called today, by this name or by one that it had in an earlier version."""
    return FORMER_NAMES.get(name, name)


def read_model(toxicity: str) -> Model:
    """A model by its name, or from a TOML file that names it; `InputError` when there is none."""
    if model_name(toxicity) in MODELS:
        return MODELS[model_name(toxicity)].read()
    path = Path(toxicity)
    if not os.path.exists(path):
        raise InputError(
            f"{toxicity!r} is neither a model nor a file",
            where="toxicity",
            remedy=f"one of {', '.join(MODELS)}, or a TOML file such as theirs",
        )
    try:
        text = unmarked(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"cannot be read: {reason}", where=toxicity, remedy="name a TOML file") from None
    return model_of(text, toxicity)


def model_of(text: str, where: str) -> Model:
    """The model of a parameter file's text, which names it in its key `model`; `InputError` when it names none."""
    named = read_toml(text, where).get("model")
    if named is None:
        raise InputError(
            "it names no model",
            where=where,
            remedy=f'a line such as model = "{DEFAULT_MODEL}" before the first section',
        )
    if not isinstance(named, str) or model_name(named) not in MODELS:
        raise InputError(f"there is no model {named!r}", where=f"{where}: model", remedy=f"one of {', '.join(MODELS)}")
    return MODELS[model_name(named)].parse(text, where)


def model_to_read(plan: Plan) -> Model:
    """The model that a run was made by, to read its log: parameters of an earlier version are taken as they are."""
    return MODELS[plan.model_name].to_read(plan.toxicity, f"{plan.model}.toml")


@lru_cache(maxsize=4)
def arrays_of(edition: str = DEFAULT_EDITION) -> MachineArrays:
    """The machine of an edition as arrays, made once per process."""
    return kept_arrays(Table.of(edition))


@lru_cache(maxsize=4)
def run_context(plan: Plan) -> RunContext:
    """The run context of a plan, made once per process."""
    return RunContext(plan, arrays_of(plan.edition))
