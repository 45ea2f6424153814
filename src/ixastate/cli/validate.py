"""`ixastate validate`: the model's figures beside those that trials reported."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ixastate.cli.common import (
    FOUND,
    NAMES,
    OK,
    CommandPage,
    JsonOption,
    edition,
    editions_from,
    require_cohort,
    require_place,
    whole_number,
)
from ixastate.cli.simulate import CyclesOption, PatientsOption
from ixastate.cli.terminal import fitted, say, show, width, working, write
from ixastate.errors import InputError

USUAL = ("us-label", "dosing-text")
# The verdict that nothing explains.
DIFFERS = "differs"


_EditionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--edition",
        metavar="EDITION",
        help=f"edition of the rules, may be repeated: {NAMES} (default: {' and '.join(USUAL)})",
        parser=edition,
        autocompletion=editions_from,
    ),
]
_ToxicityOption = Annotated[
    str | None,
    typer.Option(
        "--toxicity", metavar="FILE", help="TOML file with the model's parameters (default: those of the package)"
    ),
]
_FigureOption = Annotated[
    Path | None,
    typer.Option("--figure", metavar="FILE", help="draw the rows as a forest plot into this file, .svg or .png"),
]
_AssumptionsOption = Annotated[
    Path | None,
    typer.Option(
        "--assumptions",
        metavar="FILE",
        help="draw what each assumption of the model moves (.svg or .png)",
    ),
]


def validate(
    patients: PatientsOption = 250_000,
    cycles: CyclesOption = 26,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="random seed", parser=whole_number("--seed"))] = 1,
    edition: _EditionOption = None,
    toxicity: _ToxicityOption = None,
    figure: _FigureOption = None,
    assumptions: _AssumptionsOption = None,
    json: JsonOption = False,
) -> int:
    """Print the figures of the default model beside those that trials reported, by arm and by one rule.

    They agree when their 95 % intervals have a value in common: the trial's, by its number of patients, and the
    simulation's.
    """
    require_cohort()
    if figure is not None or assumptions is not None:
        from ixastate.cohort.answers.forest import require_picture

        for path in filter(None, (figure, assumptions)):
            require_picture(path)
        require_place(figure, assumptions)
    from ixastate.cli.summary import as_text
    from ixastate.cohort.answers.answers_text import check_lines
    from ixastate.cohort.answers.validate import validate
    from ixastate.cohort.models.pkpd import Pkpd
    from ixastate.cohort.run.plan import DEFAULT_MODEL, arrays_of, model_of
    from ixastate.cohort.run.simulation import plan_of

    name = toxicity or DEFAULT_MODEL
    plans = [plan_of(patients, cycles, seed, one, name) for one in edition or USUAL]
    model = model_of(plans[0].toxicity, name)
    if not isinstance(model, Pkpd):
        raise InputError(
            f"no trial figures are known for the model {plans[0].model}",
            where="--toxicity",
            remedy=f"{DEFAULT_MODEL}, or its file",
        )
    found = {}
    for plan in plans:
        say(f"validating {plan.patients:,} patients under {plan.edition}")
        with working("simulating"):
            checks = validate(model, arrays_of(plan.edition), plan.patients, plan.cycles, plan.seed)
        found[plan.edition] = [check.as_json() for check in checks]
    if json:
        write(as_text(found).decode())
    else:
        pages = ["\n".join(fitted(check_lines(checks, name, width()))) for name, checks in found.items()]
        show("\n\n".join(pages).split("\n"))
    if figure is not None:
        from ixastate.cohort.answers.forest import forest_file

        forest_file(found, figure)
        say(f"{figure} written")
    if assumptions is not None:
        from ixastate.cohort.answers.tornado import tornado, tornado_file

        (plan, *_) = plans
        with working("changing one assumption at a time"):
            drawn = tornado(model, arrays_of(plan.edition), cycles=plan.cycles, seed=plan.seed)
        tornado_file(*drawn, plan.edition, assumptions)
        say(f"{assumptions} written, under {plan.edition}")
    wrong = [check for checks in found.values() for check in checks if check["verdict"] == DIFFERS]
    return FOUND if wrong else OK


COMMAND = CommandPage(
    validate,
    ("ixastate validate", "ixastate validate --edition us-label --figure validation.svg"),
    found="a figure that is judged does not agree, and the published model alone would",
)
