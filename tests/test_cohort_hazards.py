"""The hazards model: its file, its chain, its kernel against slow and obvious code, and against the exact answer."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cohort_tools import simulated, small_plan

np = pytest.importorskip("numpy")

import polars as pl

from ixastate.cohort.answers.exact import solve
from ixastate.cohort.arrays import MachineArrays
from ixastate.cohort.log.codec import Code, decode, encode
from ixastate.cohort.models.hazards import Chain, Hazards
from ixastate.cohort.models.hazards_kernel import BINS, pack, step_block
from ixastate.cohort.models.reference_patient import draw as reference_draw
from ixastate.cohort.run.courses import compare_batch
from ixastate.cohort.run.plan import arrays_of, model_of, read_model
from ixastate.course.live import machine
from ixastate.errors import InputError
from ixastate.events import DRUGS
from ixastate.symbols import NEUROPATHY, OTHER, RASH, THROMBOCYTOPENIA, TOXICITIES, Start, symbols, toxicities

EDITIONS = ("dosing-text", "us-label")
USUAL = Hazards.read()


def changed(old: str, new: str) -> str:
    assert old in USUAL.text, old
    return USUAL.text.replace(old, new)


# --- The machine as arrays ------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_arrays_are_the_table(edition: str) -> None:
    arrays = arrays_of(edition)
    table = arrays.table
    for configuration in range(0, len(table.statuses), 997):
        status = table.statuses[configuration]
        assert [arrays.following[configuration, s] for s in range(len(table.symbols))] == [
            table.next[move] for move in table.row(configuration)
        ]
        assert [arrays.output[configuration, s] for s in range(len(table.symbols))] == [
            table.output[move] for move in table.row(configuration)
        ]
        assert arrays.given[configuration, 0] == round(10 * (status.given_mg("ixazomib", 40) or 0))
        assert arrays.given[configuration, 1] == round(10 * (status.given_mg("lenalidomide", 40) or 0))
        assert arrays.treated[configuration] == (status.phase == "on treatment")


def test_an_episode_is_open_where_its_states_say_so() -> None:
    arrays = arrays_of("dosing-text")
    for toxicity in TOXICITIES:
        opened = arrays.open_episodes(toxicity)
        for number, leaves in enumerate(arrays.table.configurations):
            (leaf,) = [leaf for leaf in leaves if leaf.startswith(f"{toxicity.name}_")] or [""]
            assert opened[number] == (bool(leaf) and "_clear" not in leaf), leaves


@pytest.mark.parametrize("edition", EDITIONS)
def test_an_episode_is_open_where_its_recovery_would_move_the_machine(edition: str) -> None:
    arrays = arrays_of(edition)
    stay = np.arange(len(arrays.treated), dtype=np.uint32)
    for toxicity in toxicities(arrays.edition):
        for recovery in toxicity.recoveries:
            moved = arrays.treated & (arrays.following[:, arrays.numbers[recovery.name]] != stay)
            if recovery.ends_every_episode:
                assert np.array_equal(arrays.open_episodes(toxicity), moved), recovery.name


# --- The file -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("model = ", "mine.toml", "not TOML"),
        (changed("[onset.anc_low]", "[onset.anc_lo]"), "mine.toml: onset", "'anc_lo' does not belong there"),
        (changed("weekly = 0.00188", "weekly = 1.5"), "mine.toml: onset.anc_low.weekly", "less than 1"),
        (changed("weekly = 0.00188", "weekly = -0.1"), "mine.toml: onset.anc_low.weekly", "greater than"),
        (changed("weekly = 0.00188", "weekly = nan"), "mine.toml: onset.anc_low.weekly", "less than 1"),
        (changed("weekly = 0.00188", 'weekly = "often"'), "mine.toml: onset.anc_low.weekly", "valid"),
        (changed("weekly = 0.00188\n", ""), "mine.toml: onset.anc_low.weekly", "required"),
        (changed("start_4_25 = 0.70", "start_4_25 = 0.60"), "mine.toml: start", "the shares sum to 0.9"),
        (changed("anc_recovered = 0.60", "rash_resolved = 0.60"), "mine.toml: open.neutrophils", "does not belong"),
        (changed("[open.rash]", "[open.hair]"), "mine.toml: open", "'hair' does not belong"),
        (changed("death = 0.0006", "boredom = 0.0006"), "mine.toml: ends", "'boredom' does not belong"),
        (changed('model = "hazards"', 'model = "hazards"\nmore = 1'), "mine.toml: more", "not permitted"),
        (changed("death = 0.0006", "death = 1.0"), "mine.toml: ends.death", "less than 1"),
        (
            re.sub(r'source = "assumption.*\n', "", USUAL.text, count=1),
            "mine.toml: onset.new_cycle_unmet.source",
            "required",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(text: str, where: str, what: str) -> None:
    with pytest.raises(InputError) as refusal:
        Hazards.parse(text, "mine.toml")
    assert refusal.value.where == where
    assert what in refusal.value.what
    assert refusal.value.remedy


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (changed('"2.3" = 0.00202, ', ""), "mine.toml: onset.platelets_low"),
        (changed("start_4_10 = 0.27", "start_5_25 = 0.27"), "mine.toml: start"),
        (changed("start_4_10 = 0.27", "start_blocked = 0.27"), "mine.toml: start"),
        (changed("start_4_10 = 0.27", "progression = 0.27"), "mine.toml: start"),
    ],
)
def test_a_file_that_does_not_fit_the_machine_is_refused(text: str, where: str) -> None:
    with pytest.raises(InputError) as refusal:
        Hazards.parse(text, "mine.toml").chain(arrays_of())
    assert refusal.value.where == where


LINE = 'model = "hazards"\n'


@pytest.mark.parametrize(
    "line",
    [
        'model = "hazards" # mine\n',
        '  model = "hazards"\n',
        "\tmodel\t=\t'hazards'   # with a tab\n",
        'model="hazards"\n',
        '"model" = "hazards"\n',
        'model = """hazards"""\n',
        'model = "haz\\u0061rds"\n',
        '# model = "pkpd"\nmodel = "hazards"\n',
        '\r\nmodel = "hazards"\r\n',
    ],
)
def test_the_model_is_named_as_toml_allows(line: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_bytes(changed(LINE, line).encode())
    model = read_model(str(mine))
    assert model.name == "hazards"
    assert model.file == USUAL.file  # type: ignore[attr-defined]


def test_the_model_may_be_named_behind_an_inline_section(tmp_path: Path) -> None:
    """In any order: keys of the top come before the first section, and everything may stand in one line."""
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'ends = { source = "mine", death = 0.0006 }\n'
        + LINE
        + USUAL.text[: USUAL.text.index("[ends]")].replace(LINE, "")
    )
    assert read_model(str(mine)).file.ends.by_symbol == {"death": 0.0006}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("line", "where", "what"),
    [
        ("", "mine.toml", "it names no model"),
        ("# " + LINE, "mine.toml", "it names no model"),
        ('model = "plain"\n', "mine.toml: model", "there is no model 'plain'"),
        ('model = "Hazards"\n', "mine.toml: model", "there is no model 'Hazards'"),
        ("model = 1\n", "mine.toml: model", "there is no model 1"),
        ('model = ["hazards"]\n', "mine.toml: model", "there is no model ['hazards']"),
        ('model = "hazards\n', "mine.toml", "not TOML"),
        (LINE + LINE, "mine.toml", "not TOML"),
        ('[start2]\nmodel = "hazards"\n', "mine.toml", "it names no model"),
    ],
)
def test_a_file_without_a_model_that_there_is_is_refused(line: str, where: str, what: str) -> None:
    with pytest.raises(InputError) as refused:
        model_of(changed(LINE, line), "mine.toml")
    assert refused.value.where == where
    assert what in refused.value.what
    assert refused.value.remedy


def test_a_file_names_its_model(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(USUAL.text)
    assert read_model(str(mine)).text == USUAL.text
    mine.write_text(USUAL.text.replace('model = "hazards"\n', ""))
    with pytest.raises(InputError, match="names no model"):
        read_model(str(mine))
    mine.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        read_model(str(mine))
    with pytest.raises(InputError, match="neither a model nor a file"):
        read_model("hazard")


@pytest.mark.parametrize(
    ("symbol", "incidence", "weeks"),
    [
        ("anc_low", 0.12, 68),
        ("platelets_low", 0.15, 68),
        ("rash_grade_2_3", 0.138, 52),
        ("neuropathy_moderate", 0.08, 68),
        ("neuropathy_severe", 0.03, 68),
        ("other_onset", 0.09, 68),
        ("other_onset_related", 0.09, 68),
    ],
)
def test_the_onsets_are_what_their_source_says(symbol: str, incidence: float, weeks: int) -> None:
    entry = USUAL.file.onset[symbol]
    assert f"{incidence * 100:g} %" in entry.source or symbol == "neuropathy_severe"
    assert entry.at("4") == pytest.approx(1 - (1 - incidence) ** (1 / weeks), rel=0.01)


# --- The chain ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=EDITIONS)
def chain(request: pytest.FixtureRequest) -> tuple[MachineArrays, Chain]:
    arrays = arrays_of(request.param)
    return arrays, USUAL.chain(arrays)


def test_the_probabilities_of_a_week_sum_to_one(chain: tuple[MachineArrays, Chain]) -> None:
    _, found = chain
    assert found.probabilities.min() >= 0
    assert abs(found.probabilities.sum(axis=1) - 1).max() < 1e-12
    assert abs(found.start.sum() - 1) < 1e-12


def test_the_chain_goes_where_the_machine_goes(chain: tuple[MachineArrays, Chain]) -> None:
    arrays, found = chain
    live = machine(arrays.edition.name)
    for state in range(0, len(found.configurations), len(found.configurations) // 40):
        before = arrays.table.configurations[found.configurations[state]]
        for symbol in np.flatnonzero(found.probabilities[state, : len(arrays.table.symbols)]):
            after = arrays.table.configurations[found.configurations[found.following[state, symbol]]]
            assert live.step(before, arrays.table.symbols[symbol]).after == after


def test_onsets_come_while_clear_and_recoveries_while_open() -> None:
    arrays = arrays_of()
    found = USUAL.chain(arrays)
    clear, opened = arrays.numbers["anc_low"], arrays.numbers["anc_recovered"]
    for state, number in enumerate(found.configurations):
        held = "neutrophils" in arrays.table.statuses[number].held_for
        treated = bool(arrays.treated[number])
        assert (found.probabilities[state, clear] > 0) == (treated and not held)
        assert (found.probabilities[state, opened] > 0) == held


def test_alone_a_symbol_has_the_probability_of_the_file() -> None:
    """Several compete; with every other at 0 the number of the file is what happens."""
    text = re.sub(r"weekly = .*", "weekly = 0.0", USUAL.text)
    sections = text.index("[open.")
    text = text[:sections] + re.sub(r"^(\w+) = [\d.]+$", r"\1 = 0.0", text[sections:], flags=re.MULTILINE)
    text = text.replace("[onset.anc_low]\nweekly = 0.0", "[onset.anc_low]\nweekly = 0.25")
    arrays = arrays_of()
    found = Hazards.parse(text, "mine.toml").chain(arrays)
    usual = int(np.flatnonzero(found.configurations == arrays.following[0, 0])[0])
    assert found.probabilities[usual, arrays.numbers["anc_low"]] == pytest.approx(0.25)
    assert found.probabilities[usual, BINS - 1] == pytest.approx(0.75)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 1000), min_size=BINS, max_size=BINS).filter(any), st.integers(1, 18))
def test_the_packed_words_hold_the_probabilities(weights: list[int], bits: int) -> None:
    """Every bin counts for 1 in 32: its own symbol up to the threshold, its alias above."""
    shares = np.array([weights], float) / sum(weights)
    following = np.arange(BINS, dtype=np.uint32)[None, :] % (1 << bits)
    words = pack(shares, following, BINS - 1, bits)
    threshold_bits = min(27, 59 - 2 * bits)
    found = np.zeros(BINS)
    for own, word in enumerate(int(word) for word in words):
        threshold = (word >> (64 - threshold_bits)) / 2**threshold_bits
        alias = word % BINS
        assert word >> 5 & ((1 << bits) - 1) == following[0, alias]
        assert word >> (5 + bits) & ((1 << bits) - 1) == following[0, own]
        found[own] += threshold / BINS
        found[alias] += (1 - threshold) / BINS
    assert found == pytest.approx(shares[0], abs=2.0**-threshold_bits)


# --- The kernel -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_kernel_is_what_slow_code_draws(edition: str) -> None:
    """The same words, looked up by cumulated shares of each bin in plain Python, give the same weeks."""
    arrays = arrays_of(edition)
    found = USUAL.chain(arrays)
    starts, shares = np.array([int(np.argmax(found.start))], np.uint64), np.array([1.0])
    seed, first, count, weeks = 2**40 + 11, 5_000_000_000, 70, 21
    symbols, begun = np.empty((count, weeks), np.uint8), np.empty(count, np.uint8)
    final = np.empty(count, np.uint32)
    step_block(found.packed, found.state_bits, starts, shares, seed, first, count, weeks, symbols, begun, final)
    bits, packed = found.state_bits, [int(word) for word in found.packed]
    for one in range(count):
        state = int(starts[0])
        for week in range(weeks):
            patient = first + one
            word = reference_draw(seed, patient, week - week % 4, 1)[week % 4]
            entry = packed[state * BINS + (word >> 27)]
            own = (word % 2**27) << 37 < entry
            seen = word >> 27 if own else entry % BINS
            state = entry >> (5 + bits if own else 5) & ((1 << bits) - 1)
            assert symbols[one, week] == seen
        assert final[one] == state
    assert len(set(symbols.flat)) > 3


def test_blocks_do_not_matter() -> None:
    kernel = USUAL.kernel(arrays_of(), seed=3, cycles=6)
    whole = kernel(100, 500).rows
    parts = [kernel(100, 1).rows, kernel(101, 63).rows, kernel(164, 65).rows, kernel(229, 371).rows]
    for name, column in whole.columns().items():
        assert (column == np.concatenate([part.columns()[name] for part in parts])).all(), name


def test_another_seed_is_another_cohort() -> None:
    arrays = arrays_of()
    rows = [USUAL.kernel(arrays, seed, cycles=6)(0, 500).rows for seed in (1, 2, 2**63)]
    assert len({tuple(block.day) for block in rows}) == 3


# --- What persists --------------------------------------------------------------------------------------------

PERSIST = "what-if-persist"
# Neutrophils fall often and recover soon, so that ixazomib comes to its floor; all else comes often and stays.
STUBBORN = Hazards.parse(
    re.sub(r"^(\w+_resolved\w*|platelets_recovered) = .*", r"\1 = 0.05", USUAL.text, flags=re.MULTILINE)
    .replace("weekly = 0.00188", "weekly = 0.1")
    .replace("weekly = 0.00139", "weekly = 0.02"),
    "stubborn.toml",
)


@pytest.mark.parametrize("edition", EDITIONS)
def test_what_persists_is_left_out_where_it_changes_nothing(edition: str) -> None:
    """So no other edition than this one draws otherwise for it: the same chain to the last bit."""
    without = USUAL.text[: USUAL.text.index("[persists]")] + USUAL.text[USUAL.text.index("[ends]") :]
    arrays = arrays_of(edition)
    ours, plain = USUAL.chain(arrays), Hazards.parse(without, "older.toml").chain(arrays)
    assert np.array_equal(ours.probabilities, plain.probabilities)
    assert np.array_equal(ours.following, plain.following)
    assert np.array_equal(ours.packed, plain.packed)


def test_what_persists_comes_at_the_floor_alone_and_ends_treatment() -> None:
    arrays = arrays_of(PERSIST)
    found = STUBBORN.chain(arrays)
    statuses = [arrays.table.statuses[number] for number in found.configurations]
    for toxicity in (THROMBOCYTOPENIA, NEUROPATHY, RASH, OTHER):
        letter, *_ = toxicity.repeats or toxicity.opening
        opened = arrays.open_episodes(toxicity)[found.configurations]
        comes = found.probabilities[:, arrays.numbers[letter.name]] > 0
        at_floor = np.array([status.ixazomib_mg == 2.3 for status in statuses])
        assert np.array_equal(comes & opened, at_floor & opened)
        assert (comes & opened).any()
        ended = found.configurations[found.following[comes & opened, arrays.numbers[letter.name]]]
        assert set(ended.tolist()) == {arrays.table.final}


def test_patients_whose_toxicity_persists_are_real_courses(tmp_path: Path) -> None:
    plan = replace(small_plan("hazards", PERSIST, patients=2000, cycles=26), toxicity=STUBBORN.text)
    run = simulated(tmp_path / "run", plan)
    rows = run.collect(run.events)
    persisted = rows.filter(pl.col("symbol") == "other_persists")
    assert len(persisted) > 5
    assert set(persisted["configuration"]) == {arrays_of(PERSIST).table.final}
    _, found = compare_batch(str(run.path), sorted(set(persisted["patient"]))[:30])
    assert found == []


def test_with_what_persists_monte_carlo_agrees_with_the_exact_answer() -> None:
    far = departures(STUBBORN, STUBBORN, PERSIST, cycles=6)
    assert "other_persists" in far
    assert max(map(abs, far.values())) < FAR


def test_only_what_may_persist_stands_there() -> None:
    for wrong in ("anc_recovered", "neuropathy_severe", "rash_grade_4", "other_onset", "progression"):
        with pytest.raises(InputError) as refusal:
            Hazards.parse(changed("other_persists = 0.63", f"{wrong} = 0.63"), "mine.toml")
        assert refusal.value.where == "mine.toml: persists"
        assert "other_persists" in refusal.value.remedy


# --- Rows as events -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_row_means_its_symbol(edition: str, tmp_path: Path) -> None:
    """Read back as a clinical event, a row goes through encode and decode unchanged."""
    run = simulated(tmp_path / "run", small_plan(edition=edition, patients=200, cycles=26))
    rows = run.collect(run.events)
    from ixastate.cohort.log.log import codes

    facts = USUAL.start_facts(arrays_of(edition).edition, {"start": "start_4_25"})
    for code, day in zip(codes(rows), rows["day"], strict=True):
        event = decode(code, day, facts)
        assert encode(event) == code
        assert event.day == day


@given(st.integers(0, 4), st.booleans(), st.booleans())
def test_neuropathy_survives_the_log(grade: int, pain: bool, agrees: bool) -> None:
    code = Code(3, grade, detail=1 * pain | 2 * agrees)
    assert encode(decode(code, 5, {})) == code


# --- The exact answer -----------------------------------------------------------------------------------------

# As many standard errors as a right simulation passes but once in some ten thousand runs; the seed is fixed.
FAR = 4.0
MANY = 400_000


def departures(model: Hazards, against: Hazards, edition: str, cycles: int = 26) -> dict[str, float]:
    """How many standard errors lie between a simulation of one model and the exact answer of another."""
    arrays = arrays_of(edition)
    exact = solve(against, arrays, cycles)
    rows = model.kernel(arrays, 2026, cycles)(0, MANY).rows
    counts = np.bincount(rows.symbol, minlength=len(arrays.table.symbols)) / MANY
    found = {}
    for symbol, expected in zip(arrays.table.symbols, exact.symbols.sum(axis=0), strict=True):
        if expected * MANY > 100:
            # A symbol that comes rarely and seldom twice is nearly Poisson.
            found[symbol] = (counts[arrays.numbers[symbol]] - expected) / np.sqrt(expected / MANY)
    return found


@pytest.mark.parametrize("edition", EDITIONS)
def test_monte_carlo_agrees_with_the_exact_answer(edition: str) -> None:
    assert max(map(abs, departures(USUAL, USUAL, edition).values())) < FAR


@pytest.mark.parametrize(
    ("old", "new", "symbol"),
    [
        ("progression = 0.0077", "progression = 0.007854", "progression"),
        ("weekly = 0.00188", "weekly = 0.0019176", "anc_low"),
    ],
)
def test_it_would_not_if_a_hazard_were_moved_by_two_percent(old: str, new: str, symbol: str) -> None:
    moved = Hazards.parse(changed(old, new), "moved.toml")
    if symbol == "progression":
        assert abs(departures(moved, USUAL, "dosing-text")[symbol]) > FAR
        return
    # A rare symbol needs more patients than a test should take: its weeks are asked alone, without an end.
    arrays = arrays_of()
    there, here = moved.chain(arrays), USUAL.chain(arrays)
    column = arrays.numbers[symbol]
    assert there.probabilities[0, column] / here.probabilities[0, column] == pytest.approx(1.02, rel=1e-3)


def test_the_exact_answer_is_what_the_log_tends_to(tmp_path: Path) -> None:
    """Doses, states and stops of a run lie about the exact ones."""
    patients = 60_000
    run = simulated(tmp_path / "run", small_plan(patients=patients, cycles=13, shard=60 * 1024), threads=2)
    exact = solve(USUAL, arrays_of(), 13).as_json()
    doses = run.collect(run.patients.select(pl.col("^.*_mg10$").sum()))
    for drug in DRUGS:
        simulated_intensity = doses[f"{drug}_given_mg10"][0] / doses[f"{drug}_planned_mg10"][0]
        assert simulated_intensity == pytest.approx(exact["relative_dose_intensity"][drug], abs=0.002)
    ended = dict(run.collect(run.patients.group_by("ended_by").len()).iter_rows())
    for symbol, share in exact["stops"].items():
        error = (share * (1 - share) / patients) ** 0.5
        assert abs(ended.get(symbol, 0) / patients - share) < FAR * error + 1 / patients, symbol
    # Every patient starts once, with one of the starting symbols, in the first week.
    starting = {name for name, symbol in symbols(arrays_of().edition).items() if isinstance(symbol, Start)}
    starts = {name: count for name, count in exact["symbols"].items() if name in starting}
    assert sum(starts.values()) == pytest.approx(1)
    first = solve(USUAL, arrays_of(), 13).symbols[0]
    assert {name: first[arrays_of().numbers[name]] for name in starts} == pytest.approx(starts)
    assert sum(first) == pytest.approx(1)
    assert sum(exact["states"].values()) == pytest.approx(1)
    assert exact["states"]["discontinued"] == pytest.approx(sum(exact["stops"].values()))
