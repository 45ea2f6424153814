"""Mutants of the model `pkpd`: whether a wrong parameter makes a judged row fail, or the oracle of its equations.

    python -m tests.model_mutants

Each mutant has one parameter other than in the package. It is noticed where a row of `validate` that agreed does so no
more, or where a test of `test_published_model` fails. This is run by hand; it takes half an hour on two processors.
`tests.mutate` is another thing: it mutates the code.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from ixastate.cohort.answers.validate import validate
from ixastate.cohort.models.pkpd import Pkpd
from ixastate.cohort.run.plan import arrays_of

from . import test_published_model as oracle

EDITION = "us-label"
USUAL = Pkpd.read()


def scaled(name: str, factor: float) -> tuple[str, Any]:
    """A parameter times a factor; of a list, each entry."""
    value = USUAL.values[name]
    return name, tuple(factor * one for one in value) if isinstance(value, tuple) else factor * value


def shifted(name: str, by: float, place: int = 0) -> tuple[str, Any]:
    """A parameter, or one entry of it, so much greater."""
    value = USUAL.values[name]
    if not isinstance(value, tuple):
        return name, value + by
    return name, (*value[:place], value[place] + by, *value[place + 1 :])


MUTANTS: list[tuple[str, Any]] = [
    scaled("pharmacokinetics.clearance", 0.8),
    scaled("pharmacokinetics.bioavailability", 0.8),
    scaled("pharmacokinetics.absorption_rate", 2),
    scaled("pharmacokinetics.lag", 5),
    scaled("pharmacokinetics.flow_3", 0.5),
    scaled("pharmacokinetics.volume_4", 0.5),
    scaled("pharmacokinetics.clearance_variance", 1.5),
    scaled("pharmacokinetics.bioavailability_variance", 0.8),
    scaled("pharmacokinetics.volume_4_variance", 0.5),
    scaled("pharmacokinetics.covariance", 0.5),
    scaled("pharmacokinetics.body_surface_exponent", 0.5),
    ("lenalidomide.relative_clearance", (1.0, 1.0, 1.0)),
    scaled("lenalidomide.dialysis", 3),
    scaled("rash.exposure", 2),
    scaled("rash.exposure", 0.5),
    scaled("rash.asian", 0),
    scaled("rash.early", 0.5),
    shifted("rash.early_rate", 0.5),
    shifted("rash.slow", -0.7),
    shifted("rash.slow_rate", -0.7),
    shifted("rash.from_0", 0.3),
    shifted("rash.from_1", 0.2, 1),
    shifted("rash.from_2", 0.3),
    shifted("rash.from_3", 0.5),
    scaled("rash.variances", 0.5),
    scaled("diarrhoea.exposure", 2),
    scaled("diarrhoea.exposure", 0.5),
    scaled("diarrhoea.first_week", 0),
    scaled("diarrhoea.no_prior_imid", 0),
    shifted("diarrhoea.slow", -0.7),
    shifted("diarrhoea.slow_rate", -0.7),
    shifted("diarrhoea.from_0", 0.3),
    shifted("diarrhoea.from_1", 0.2, 1),
    shifted("diarrhoea.from_2", 0.3),
    scaled("diarrhoea.variances", 0.5),
    scaled("diarrhoea.clearly_caused", 0.5),
    scaled("diarrhoea.agreement", 0.5),
    scaled("platelets.lenalidomide", 0.5),
    scaled("platelets.lenalidomide", 1.5),
    scaled("platelets.lenalidomide_rate", 2),
    scaled("platelets.ixazomib", 0.5),
    scaled("platelets.ixazomib", 2),
    scaled("platelets.cumulative", 0),
    shifted("platelets.maturation", 0.2),
    shifted("platelets.production", 0.2),
    scaled("platelets.baseline", 0.9),
    scaled("platelets.baseline_weight", 0.8),
    scaled("platelets.proportional_error", 0.5),
    scaled("platelets.additive_error", 0.5),
    scaled("platelets.additive_from", 0),
    scaled("platelets.within_patient", 0),
    scaled("platelets.persistence", 0),
    scaled("neuropathy.worsening", 1.5),
    scaled("neuropathy.background", 0.5),
    scaled("neuropathy.improvement", 3),
    scaled("neuropathy.improvement_off", 2),
    scaled("neuropathy.frailty_variance", 3),
    scaled("neuropathy.pain", 0),
    scaled("neutrophils.median", 0.85),
    scaled("neutrophils.log_sd", 0.5),
    scaled("neutrophils.lenalidomide", 1.3),
    shifted("neutrophils.ixazomib", 0.3),
    scaled("neutrophils.sensitivity_log_sd", 0.3),
    scaled("neutrophils.keeps", 0.5),
    scaled("neutrophils.error", 1.5),
    scaled("neutrophils.within_patient", 0),
    scaled("neutrophils.persistence", 3),
    scaled("ends.progression_free", 0.75),
    scaled("ends.death", 3),
    scaled("ends.withdrawal", 4),
    scaled("ends.intolerable", 2),
]


def agreeing(model: Pkpd) -> set[tuple[str, str]]:
    """The judged rows that agree."""
    found = validate(model, arrays_of(EDITION))
    return {(one.reported.figure, one.reported.arm) for one in found if one.verdict == "agrees"}


def tests() -> Iterator[tuple[str, Callable[[], None]]]:
    """The tests of the oracle with every set of their parameters, the quick ones first."""
    found = []
    for name, function in inspect.getmembers(oracle, inspect.isfunction):
        if name.startswith("test_"):
            marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
            sets = [[(mark.args[0], value) for value in mark.args[1]] for mark in marks]
            found += [(name, lambda f=function, s=dict(chosen): f(**s)) for chosen in product(*sets)]
    slow = ("weekly_change", "true_platelets", "differ_between")
    yield from sorted(found, key=lambda one: any(word in one[0] for word in slow))


def noticed(model: Pkpd, usual: set[tuple[str, str]]) -> str:
    """What noticed a mutant, in words; "" where nothing did."""
    oracle.MODEL = model
    for kept in (oracle.fixed_doses, oracle.people):
        kept.cache_clear()
    for name, test in tests():
        try:
            test()
        except AssertionError:
            return name
    lost = usual - agreeing(model)
    return "; ".join(f"{figure}, {arm}" for figure, arm in sorted(lost))


def main() -> None:
    """Print what noticed each mutant, and how many were noticed."""
    usual = agreeing(USUAL)
    wrong = noticed(USUAL, usual)
    if wrong:
        raise SystemExit(f"without a mutant something is wrong: {wrong}")
    count = 0
    for name, value in MUTANTS:
        by = noticed(replace(USUAL, values=USUAL.values | {name: value}), usual)
        count += bool(by)
        print(f"{name} = {value}: {by or 'NOT NOTICED'}", flush=True)
    print(f"{count} of {len(MUTANTS)} noticed")


if __name__ == "__main__":
    main()
