"""Units: a spelling means one thing, whatever its case; what can mean two is left out."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ixastate import units
from ixastate.errors import InputError, RulesError
from ixastate.events import EVENT, NeutrophilsMeasured, PlateletsMeasured
from ixastate.units import bilirubin_unit, cells_power, clearance_unit, left_out

# Written here by hand, one line per number of cells per cubic millimetre that one of the unit is.
PER_MM3: dict[int, str] = {
    -3: r"""
        /mL cells/mL /cc {cells}/cm3
    """,
    0: r"""
        /mm3 /MM3 1/mm3 /mm^3 /mm³ /㎣ /cumm /cu.mm cells/cumm cells/mm3 cells/mm^3 #/mm3 /cmm WBC/cmm plt/uL
        /uL /ul /UL /µL /μL /mcL /MCL 1/µL #/uL cells/uL cell/µL {cells}/uL {#}/uL {Cells}/UL 個/μL 個／μL
        10^6/L 10*6/L 10E6/L x10^6/L MI/L million/L 10^3/mL 10*3/mL /microL per_mm3 cells_per_uL
        Cells_per_cubic_millimeter uL-1 µL⁻¹ cells.uL-1 10*6.L-1
    """,
    2: r"""
        10^2/uL ×10^2/μL 百/μl 100/uL
    """,
    3: r"""
        10*3/uL 10^3/uL 10**3/uL 10³/µL 10³/μL 10^3/UL 10^3/ul x10^3/uL X10^3/uL ×10³/µL x10*3/uL *10^3/μl
        10^3/mm3 10^3/mm^3 10³/mm³ 10^3/mcL 10^3/cumm 10E3/uL 10e3/uL X10E3/UL x10e3/mcL 10E03/uL E3/uL
        1E3/uL 10(3)/mcL x10(3)/mcL 10'3/uL 10x3/uL 10\S\3/uL 10^3_cells/uL 10^3{cells}/uL cells_x_10^3/uL
        K/uL k/ul K/UL K/µL K/mcL K/mm3 k/mm^3 k/cumm K/CUMM K/cmm Thou/uL THOU/UL thou/mcL Thou/mm3
        thou/cumm THOUS/uL Thousand/uL thousand/cumm Thousands/mm3 thousand_cells/uL th/mm3 1000/uL 1,000/µL
        x1000/uL 千/μL Tsd/µl Tsd./µl 10*9/L 10^9/L 10^9/l 10⁹/L 10⁹/l 10**9/L x10^9/L X10^9/L x10*9/L 10E9/L
        10e9/L 10E+9/L x10E9/L 1E9/L E9/L e9/l 10(9)/L 10^9cells/L 10^9_cells/L ×10⁹/L 10^{9}/L 10^9/litre
        G/L G/l GI/L Gi/l Giga/L giga/l Gpt/L GPT/l bil/L BILL/L billion/L Mrd/L 10^6/mL 10*6/mL /nL 1/nL
        cells/nL 10*9.L-1 10^9·L⁻¹ thousand_per_microliter billion_cells_per_liter K_per_cubic_mm
    """,
    4: r"""
        10^4/uL 10*4/uL x10^4/μL ×10⁴/µL 万/μL ×万/μl 10000/uL x10000/MCL 10^4/mm3
    """,
    5: r"""
        lakh/cumm Lakhs/cumm lac/uL LACS/cmm 10^5/uL lakhs/mm3
    """,
    6: r"""
        10^6/uL 10*6/uL million/uL Million/cumm 百万/μl Mio/µl 10^12/L 10*12/L T/L Tpt/L TI/L tera/L 10¹²/L
        10^9/mL
    """,
}
SPELLED = [(text.replace("_", " "), power) for power, texts in PER_MM3.items() for text in texts.split()]
NO_UNITS = """
    M/L m/L m/l M/uL m/uL mill/uL mil/mm3 g/L g/l t/L G/uL K/L k/L /L cells/L Thou/L 10^3/L 10*4/L 109/L
    103/uL 103/mm3 x103/uL 10-9/L 10^-9/L 10^9/uL 10^12/uL K/mL T/cmm K/ccm /cum % mm3 uL L 10^9 K cells
    /HPF mg/dL g/dL fL /kg 10^9/kg /mm3/L 10*3uL //uL /uL/ uL/ /p ^3/uL 10^/uL x/uL */uL 10^7/L 10^9/dL
    2*10^9/L 10^9/L/L cells/uL/mm3 Kk/uL KK/uL nan {cells /uL{ /mm2 /mm 10^10/L 10^90/L 10e99/L kg/L U/L
    IU/L copies/mL CFU/mL mEq/L
"""
LEFT_OUT = [
    *NO_UNITS.split(),
    *("", " ", "/", "per", "\n", "0", "None", "/uL\0", "١٠^٩/L", "10^٩/L", "/μм3"),
]


@pytest.mark.parametrize(("text", "power"), SPELLED)
def test_a_spelling_means_so_many_cells(text: str, power: int) -> None:
    assert cells_power(text) == power
    assert cells_power(f" {text} ") == power


@pytest.mark.parametrize("text", LEFT_OUT)
def test_what_can_mean_two_things_or_nothing_is_no_unit(text: str) -> None:
    assert cells_power(text) is None


@given(st.sampled_from([pair for pair in SPELLED if not pair[0].startswith(("G/", "T/"))]), st.data())
def test_case_does_not_matter_but_for_giga_and_tera(pair: tuple[str, int], data: st.DataObject) -> None:
    text, power = pair
    flipped = [data.draw(st.sampled_from([letter.upper(), letter.lower()])) for letter in text]
    assert cells_power("".join(flipped)) == power


@pytest.mark.parametrize("text", ["g/L", "g/l", "t/L", "t/l"])
def test_grams_and_tonnes_are_not_giga_and_tera(text: str) -> None:
    assert cells_power(text) is None
    assert cells_power(text.replace("g", "G").replace("t", "T")) in (3, 6)
    assert "grams" in left_out("count", text) or text == "t/L"


def test_no_spelling_has_two_meanings() -> None:
    """Each way of putting parts together is worked out here from the parts, and gives what the table gives."""
    words = units._words()["count"]
    digits = {form.replace("{n}", str(n)): n for form in words["power"] for n in words["powers_of_ten"]}
    before: dict[str, set[int]] = {}
    for number, power in [*digits.items(), *words["words"].items()]:
        for times, cells in itertools.product(words["times"] if number else [""], ["", *words["cells"]]):
            before.setdefault(f"{times}{number}{cells}", set()).add(power)
            before.setdefault(f"{cells}{times}{number}", set()).add(power)
    assert {text for text, powers in before.items() if len(powers) > 1} == set()
    names = [name for volume in words["volume"] for name in volume["names"]]
    assert len(names) == len(set(names))
    assert len(before) * len(names) > 1_000_000, "so many spellings, or none of them two ways"
    for kind in ("bilirubin", "clearance"):
        spellings = [text for texts in units._words()[kind].values() for text in texts]
        assert len(spellings) == len(set(spellings))


def test_a_spelling_with_a_second_meaning_is_refused() -> None:
    table = {"k": 3}
    units._put(table, "k", 3)
    with pytest.raises(RulesError, match="'k' has two meanings"):
        units._put(table, "k", -3)


def test_what_is_left_out_has_a_reason_and_is_no_unit() -> None:
    known = {"count": cells_power, "bilirubin": bilirubin_unit, "clearance": clearance_unit}
    for group in units._words()["left_out"]:
        for text in group["units"]:
            assert known[group["of"]](text) is None, text
            assert left_out(group["of"], text) == group["why"]
            assert len(group["why"].split()) > 4
    assert left_out("count", "furlong") == ""


def test_what_is_shown_is_known() -> None:
    for kind, known in (("count", cells_power), ("bilirubin", bilirubin_unit), ("clearance", clearance_unit)):
        for text in (*units.ucum(kind), *units.examples(kind)):
            assert known(text) is not None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        *[(text, "mg/dL") for text in ("mg/dL", "mg/dl", "MG/DL", "mg / dL", "mg%", "mg/100 mL", "mg per dL")],
        *[
            (text, "umol/L")
            for text in ("umol/L", "µmol/L", "μmol/l", "UMOL/L", "mcmol/L", "micromol/L", "µmol per litre")
        ],
        *[(text, None) for text in ("mg/L", "mmol/L", "g/dL", "mol/L", "mg", "dL", "", "ug/dL", "mgdL", "umol")],
    ],
)
def test_units_of_bilirubin(text: str, unit: str | None) -> None:
    assert bilirubin_unit(text) == unit


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        *[(text, "mL/min") for text in ("mL/min", "ml/min", "ML/MIN", "mL / min", "mL per minute", "cc/min")],
        *[(text, None) for text in ("mL/min/1.73m2", "mL/min/1.73 m²", "L/min", "mL/s", "mL", "", "mL/min/m2", "mL/h")],
    ],
)
def test_units_of_creatinine_clearance(text: str, unit: str | None) -> None:
    assert clearance_unit(text) == unit


# --- In events -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "power"), SPELLED)
def test_an_event_keeps_the_unit_as_it_was_reported(text: str, power: int) -> None:
    event = NeutrophilsMeasured(day=8, value=3, unit=text)
    assert event.unit == text
    assert event.per_mm3 == 3 * Fraction(10) ** power
    assert EVENT.validate_json(event.model_dump_json()) == event


@pytest.mark.parametrize("text", [text for text in LEFT_OUT if text])
def test_an_event_refuses_a_unit_that_is_none(text: str) -> None:
    with pytest.raises(InputError, match="is no unit of a cell count: ") as refused:
        PlateletsMeasured(day=8, value=3, unit=text)
    assert refused.value.where == "PlateletsMeasured: unit"


def test_a_unit_of_absurd_length_is_refused_at_once() -> None:
    for text in ("/mm3" * 100_000, "per" * 100_000, "⁹" * 100_000, "uL-1" * 100_000):
        with pytest.raises(InputError, match="is no unit") as refused:
            PlateletsMeasured(day=8, value=3, unit=text)
        assert len(str(refused.value)) < 500
