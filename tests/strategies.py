"""The events to try: clinical events of every kind, with values on and beside every boundary.

The strategies favour what makes courses hard: many toxicities at once, recoveries that come late, and the few
values that decide.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

ANC = st.sampled_from(
    [
        (0, "/mm3"),
        (499, "/mm3"),
        ("0.499", "10*9/L"),
        ("499.999", "/uL"),
        (500, "/mm3"),
        ("0.5", "10*9/L"),
        (1800, "/uL"),
        ("499.99999999999999999999", "cells/cumm"),
        ("0.5", "K/uL"),
        ("0.0049", "lakh/cumm"),
    ]
)
PLATELETS = st.sampled_from(
    [(0, "/mm3"), (29_999, "/mm3"), ("29.999", "10*9/L"), (30, "10*3/uL"), (30_000, "/uL"), (250, "x10^9/L")]
)
# Mostly none.
SIGNS = st.sampled_from([{}] * 8 + [{"comparator": sign} for sign in ("<", "<=", ">", ">=")])
TERMS = st.sampled_from(
    [
        *("diarrhoea", "fatigue", "anaemia", "Diarrhoea", "fatigue", "diarrhoea"),
        *("Platelet count decreased", "Stevens-Johnson syndrome", "Polyneuropathy"),
    ]
)
ZONES = st.sampled_from([None, "UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"])


def count(kind: str, values: st.SearchStrategy[tuple[Any, str]], **flags: Any) -> st.SearchStrategy[dict[str, Any]]:
    def measured(pair: tuple[Any, str], sign: dict[str, str], flag: dict[str, bool]) -> dict[str, Any]:
        return {"type": kind, "value": Decimal(pair[0]), "unit": pair[1], **sign, **flag}

    flag = st.fixed_dictionaries({}, optional={name: st.booleans() for name in flags})
    return st.builds(measured, values, SIGNS, flag)


ANC_LOW_OR_NOT = count("neutrophils_measured", ANC, after_g_csf=True)
PLATELETS_LOW_OR_NOT = count("platelets_measured", PLATELETS, after_transfusion=True)
NEUROPATHY = st.fixed_dictionaries(
    {
        "type": st.just("neuropathy_graded"),
        "grade": st.sampled_from([0, 1, 1, 2, 2, 3, 3, 0, 1, 2, 3, 4]),
        "pain": st.booleans(),
        "physician_agrees": st.booleans(),
    }
)
RASH = st.fixed_dictionaries(
    {"type": st.just("rash_graded"), "grade": st.sampled_from([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 4])}
)
OTHER = st.fixed_dictionaries(
    {
        "type": st.just("other_toxicity_graded"),
        "term": TERMS,
        "grade": st.sampled_from([0, 1, 2, 3, 4, 0, 1, 3]),
        "physician_agrees": st.booleans(),
    },
    optional={"attribution": st.sampled_from(["clear", "not_clear"]), "baseline_grade": st.integers(0, 2)},
)
BILIRUBIN = st.sampled_from(
    [
        {"times_uln": Decimal("1.5")},
        {"times_uln": Decimal("1.501")},
        {"times_uln": Decimal(3)},
        {"times_uln": Decimal("3.001")},
        {"value": Decimal("1.8"), "unit": "mg/dL", "upper_limit_of_normal": Decimal("1.2")},
        {"value": Decimal("31.6"), "unit": "umol/L", "upper_limit_of_normal": Decimal(21)},
        {"times_uln": Decimal("0.5")},
    ]
)
CLEARANCE = st.sampled_from(
    [{"value": Decimal(value), "unit": "mL/min"} for value in ("90", "60", "59.9", "30", "29.9", "12")]
)
SIGNED_BILIRUBIN, SIGNED_CLEARANCE = (
    st.builds(lambda organ, sign: {**organ, **sign}, organs, SIGNS) for organs in (BILIRUBIN, CLEARANCE)
)
ORGANS = st.one_of(
    st.builds(lambda organ: {"type": "bilirubin_measured", **organ}, SIGNED_BILIRUBIN),
    st.builds(
        lambda organ, dialysis: {"type": "creatinine_clearance_measured", **organ, "on_dialysis": dialysis},
        SIGNED_CLEARANCE,
        st.booleans(),
    ),
)
CYCLES = st.builds(
    lambda anc, platelets, resolved, anc_sign, platelets_sign: {
        "type": "cycle_assessed",
        "neutrophils": {"value": anc, "unit": "/mm3", **anc_sign},
        "platelets": {"value": platelets, "unit": "10*9/L", **platelets_sign},
        "toxicities_resolved": resolved,
    },
    st.sampled_from([0, 499, 500, 999, 1000]),
    st.sampled_from([0, Decimal("29.999"), 30, 74, 75]),
    st.booleans(),
    SIGNS,
    SIGNS,
)
DOSES = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["dose_taken", "dose_overdosed"]),
            "dose_mg": st.sampled_from([Decimal(4), Decimal(3), Decimal("2.3"), Decimal(8), Decimal(25)]),
            "drug": st.sampled_from(["ixazomib", "ixazomib", "lenalidomide", "dexamethasone"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["dose_missed", "dose_delayed"]),
            "drug": st.sampled_from(["ixazomib", "ixazomib", "lenalidomide"]),
        },
        optional={"scheduled_day": st.sampled_from([1, 8, 9, 15, 29, 36, 43, 57])},
    ),
    st.fixed_dictionaries(
        {"type": st.just("dose_vomited"), "drug": st.sampled_from(["ixazomib", "lenalidomide", "dexamethasone"])}
    ),
    st.sampled_from(
        [
            {"type": "dose_taken_wrongly", "fault": "crushed"},
            {"type": "dose_taken_wrongly", "fault": "with_food"},
            {"type": "dose_taken_wrongly", "fault": "without_food", "drug": "dexamethasone"},
        ]
    ),
)
# Reports of ixazomib alone, as they come around a slot: of its own dose, of one long ago, too small, right, too large.
IXAZOMIB_REPORTS = st.one_of(
    st.builds(lambda mg: {"type": "dose_taken", "dose_mg": Decimal(mg)}, st.sampled_from(["4", "4", "3", "2.3", "8"])),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["dose_missed", "dose_missed", "dose_delayed"])},
        optional={"scheduled_day": st.sampled_from([1, 8, 15, 29])},
    ),
    st.sampled_from(
        [
            {"type": "dose_vomited"},
            {"type": "dose_overdosed", "dose_mg": 8},
            {"type": "dose_taken_wrongly", "fault": "chewed"},
        ]
    ),
)
# What holds ixazomib and what ends that hold, in one word each.
HOLDS = st.sampled_from(
    [
        {"type": "neuropathy_graded", "grade": 2},
        {"type": "neuropathy_graded", "grade": 0},
        {"type": "neutrophils_measured", "value": 499, "unit": "/mm3"},
        {"type": "neutrophils_measured", "value": 500, "unit": "/mm3"},
    ]
)
# Where in the life of a dose: hours before its slot (the same day), at it, soon after, and minutes beside the 72 hours.
PLACES = st.sampled_from(["before", "slot", "slot", "after", "next day", "a minute early", "72 hours", "a minute late"])
ENDS = st.sampled_from(
    [
        {"type": kind}
        for kind in ("progression_found", "intolerable_toxicity_declared", "patient_died", "consent_withdrawn")
    ]
    + [{"type": "rash_graded", "grade": 5}, {"type": "rash_graded", "grade": 4}]
)
STARTS = st.fixed_dictionaries(
    {
        "type": st.just("course_started"),
        "weekday": st.sampled_from(["monday", "thursday", "sunday"]),
        "clock_time": st.sampled_from(["08:00", "02:30", "23:59", "00:00"]),
        "timezone": ZONES,
        "patient_informed": st.sampled_from([True, True, True, True, False]),
        "on_dialysis": st.sampled_from([False, False, False, True]),
        "baseline_neuropathy": st.builds(
            lambda grade, pain: {"grade": grade, "pain": pain}, st.sampled_from([0, 0, 0, 1, 2, 3]), st.booleans()
        ),
    },
    optional={"bilirubin": BILIRUBIN, "creatinine_clearance": CLEARANCE},
).flatmap(
    lambda start: st.sets(st.sampled_from(["bilirubin", "creatinine_clearance"])).map(
        lambda assumed: {**start, "assumed": sorted(organ for organ in assumed if organ not in start)}
    )
)

# Those of which a sign may leave open whether an organ is impaired, so that the start is refused.
SIGNED_STARTS = st.builds(
    lambda start, sign: {
        **start,
        **{organ: {**start[organ], **sign} for organ in ("bilirubin", "creatinine_clearance") if organ in start},
    },
    STARTS,
    SIGNS,
)

# An onset of each family with what ends it, for courses that must get far.
EPISODES = st.sampled_from(
    [
        (
            {"type": "neutrophils_measured", "value": 499, "unit": "/mm3"},
            {"type": "neutrophils_measured", "value": 500, "unit": "/mm3"},
        ),
        (
            {"type": "platelets_measured", "value": 29_999, "unit": "/mm3"},
            {"type": "platelets_measured", "value": 30_000, "unit": "/mm3"},
        ),
        ({"type": "rash_graded", "grade": 3}, {"type": "rash_graded", "grade": 1}),
        ({"type": "neuropathy_graded", "grade": 2}, {"type": "neuropathy_graded", "grade": 0}),
        (
            {"type": "neuropathy_graded", "grade": 3},
            {"type": "neuropathy_graded", "grade": 1, "physician_agrees": True},
        ),
        (
            {"type": "other_toxicity_graded", "term": "nausea", "grade": 3, "attribution": "clear"},
            {"type": "other_toxicity_graded", "term": "nausea", "grade": 1, "physician_agrees": True},
        ),
        (
            {"type": "other_toxicity_graded", "term": "fever", "grade": 4, "attribution": "not_clear"},
            {"type": "other_toxicity_graded", "term": "fever", "grade": 0, "physician_agrees": True},
        ),
    ]
)
