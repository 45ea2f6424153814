"""On which side of the limits of the text a measured value lies, and what organ function means for the first doses.

The limits are asked of the rules by name. A value with a sign is used where the sign settles the answer, and refused
where it leaves it open (B-COMPARATOR). This module knows no state and no context of a patient.
"""

from __future__ import annotations

from fractions import Fraction

from ixastate.errors import CourseRefusal
from ixastate.events import CourseStarted
from ixastate.measurements import Bilirubin, CreatinineClearance, Measured
from ixastate.rules import Edition, StartingBand


def settled(answer: bool | None, what: str, limit: str) -> bool:
    """An answer that a comparator leaves settled; `CourseRefusal` for one that it leaves open."""
    if answer is None:
        raise CourseRefusal(
            f"the sign of this value of {what} leaves open on which side of {limit} it lies (B-COMPARATOR)",
            remedy="report a value that settles it; what else was seen can be reported by itself",
            rules=("B-COMPARATOR",),
        )
    return answer


def sign_of(*values: Measured | None) -> tuple[str, ...]:
    """The reading that is at work where a value has a sign."""
    return ("B-COMPARATOR",) if any(value and value.comparator for value in values) else ()


def _exactly(number: float) -> Fraction:
    """A number of the rules file as it is written there."""
    return Fraction(str(number))


def hepatic_rule(bilirubin: Bilirubin | None, edition: Edition) -> str | None:
    """The clause that calls this bilirubin an impairment, or None."""
    if bilirubin is None:
        return None
    if bilirubin.is_above(_exactly(edition.number("HEP-02", "above"))):
        return "HEP-02"
    limit = edition.number("HEP-01", "above")
    above = bilirubin.is_above(_exactly(limit))
    return "HEP-01" if settled(above, "bilirubin", f"{limit:g} times the upper limit of normal") else None


def renal_rule(clearance: CreatinineClearance | None, on_dialysis: bool, edition: Edition) -> str | None:
    """The clause that calls this renal function an impairment, or None."""
    if on_dialysis:
        return "REN-02"
    if clearance is None:
        return None
    return "REN-01" if _clears_less_than(edition.number("REN-01", "below"), clearance) else None


def _clears_less_than(ml_min: float, clearance: CreatinineClearance) -> bool:
    return settled(clearance.is_below(_exactly(ml_min)), "creatinine clearance", f"{ml_min:g} mL/min")


def lenalidomide_start(event: CourseStarted, edition: Edition) -> StartingBand:
    """The first band of renal function that fits; an assumed clearance counts as the band without impairment."""
    bands = edition.lenalidomide.start
    if event.on_dialysis:
        return next(band for band in bands if band.on_dialysis)
    *_, last = by_clearance = sorted(
        (band for band in bands if not band.on_dialysis), key=lambda band: -band.at_least_ml_min
    )
    clearance = event.creatinine_clearance
    if clearance is None:
        return by_clearance[0]
    # None lies below the last band, which begins at 0.
    return next((band for band in by_clearance[:-1] if not _clears_less_than(band.at_least_ml_min, clearance)), last)


def on_a_boundary(event: CourseStarted, edition: Edition) -> bool:
    """Whether an organ function is exactly a number of the text, which then does or does not belong to a class."""
    liver = [edition.number("HEP-01", "above"), edition.number("HEP-02", "above")]
    kidney = [band.at_least_ml_min for band in edition.lenalidomide.start if band.at_least_ml_min]
    # On dialysis the clearance decides nothing.
    clearance = None if event.on_dialysis else event.creatinine_clearance
    return (event.bilirubin is not None and event.bilirubin.multiple_of_uln in map(_exactly, liver)) or (
        clearance is not None and Fraction(clearance.value) in map(_exactly, kidney)
    )
