"""What each rule does: complete over every edition, refused when it is wrong, and the source of the kit's tables."""

from __future__ import annotations

from importlib.resources import files
from typing import get_args

import pytest

from ixastate.chart.reasons import GIVING, effects_of
from ixastate.errors import RulesError
from ixastate.events import DRUGS, KINDS
from ixastate.orders import DOSING_VERBS, Verb
from ixastate.rules import EDITIONS, load_edition
from ixastate.rules.effects import FILE, Effect, RuleEffects, check_kinds, load_effects, parse_effects
from ixastate.symbols import TOXICITIES
from tests.claims import view
from tests.tables import EDITION_NAMES

TEXT = (files("ixastate.rules") / FILE).read_text(encoding="utf-8")
VERBS = frozenset(get_args(Verb))


def parsed(text: str) -> dict[str, RuleEffects]:
    return parse_effects(text, "some.toml", VERBS)


def cited(edition: str) -> set[str]:
    return {rule for edge in view(edition).graph.edges for rule in edge.rules}


def forgotten(found: dict[str, RuleEffects]) -> set[str]:
    """The rules that an edge of an edition cites and that neither do anything nor are said to do nothing."""
    return {
        rule for name in EDITION_NAMES for rule in cited(name) - found[name].effects.keys() - found[name].without.keys()
    }


# --- Complete -------------------------------------------------------------------------------------------------


def test_every_rule_that_an_edge_cites_has_an_effect_or_a_reason_for_none() -> None:
    assert forgotten(parsed(TEXT)) == set()


def test_a_rule_that_is_forgotten_is_seen() -> None:
    """Whichever it is: with its tables taken out of the file, it is missed."""
    moving = set().union(*map(cited, EDITION_NAMES))
    assert len(moving) > 70
    for rule in sorted(moving):
        # A reading that acts on no transition stands in its place.
        changed = TEXT.replace(f"[rules.{rule}]", "[rules.B-BOUND]").replace(f"\n{rule} =", "\nB-BOUND =")
        changed = "\n".join(line.replace(f".{rule}]", ".B-UNITS]") for line in changed.splitlines())
        assert rule in forgotten(parsed(changed)), rule


@pytest.mark.parametrize("name", EDITION_NAMES)
def test_no_rule_both_does_something_and_does_nothing(name: str) -> None:
    found = effects_of(name)
    assert found.effects.keys() & found.without.keys() == set()
    assert all(why.endswith(".") and len(why.split()) > 5 for why in found.without.values())
    assert all(effect != Effect() for rule in found.effects.values() for effect in rule.either)


@pytest.mark.parametrize("name", EDITION_NAMES)
def test_a_rule_without_an_effect_is_a_reading_or_bookkeeping_or_says_it_in_general(name: str) -> None:
    clauses = {rule for rule in effects_of(name).without if load_edition(name).rule(rule).kind == "label"}
    assert clauses == {"DOSE-06"}


@pytest.mark.parametrize("name", EDITION_NAMES)
def test_every_clause_of_a_toxicity_decides_at_its_own_event(name: str) -> None:
    events = dict(zip(("ANC", "PLT", "PN", "RASH", "OTH", "NC"), (one.event for one in TOXICITIES), strict=True))
    # The counts of an assessment are counts (B-ASSESS-COUNTS).
    counted = {family: (events[family], events["NC"]) for family in ("ANC", "PLT")}
    found = effects_of(name)
    for rule in load_edition(name).rules.values():
        family = rule.id.split("-")[0]
        if family in events:
            assert found.effects[rule.id].at == counted.get(family, (events[family],)), rule.id


@pytest.mark.parametrize("name", EDITION_NAMES)
def test_every_verb_is_given_by_some_rule(name: str) -> None:
    """An order that no rule gives could not be explained."""
    found = effects_of(name)
    for verb in VERBS - DOSING_VERBS:
        missing = verb == "review_rash" and "B-RASH-ESC" not in cited(name)
        missing = missing or (verb == "repeat_count" and name != "what-if-confirm")
        assert found.advising(verb) or missing, verb
    for verb, what in GIVING.items():
        drugs = DRUGS if verb in ("start", "stop") else ("ixazomib", "lenalidomide")
        for drug in drugs:
            assert any(effect.does(what, drug) for effect in found.effects.values()), (verb, drug)
    assert set(GIVING) == DOSING_VERBS


@pytest.mark.parametrize("name", EDITION_NAMES)
def test_what_the_kit_knows_besides_agrees_with_what_the_rules_do(name: str) -> None:
    found = effects_of(name)
    whatever = found.whatever

    def does(rule: str, what: str, drug: str) -> bool:
        return any(drug in getattr(effect, what) for effect in found.of(rule))

    for drug in ("ixazomib", "lenalidomide"):
        assert all(does(rule, "starts", drug) for rule in whatever.due.of(drug))
        assert all(does(rule, "holds", drug) for rule in whatever.still_held)
        assert all(does(rule, "lowers", drug) for rule in whatever.one_level)
        assert all(does(rule, "keeps", drug) for rule in whatever.same_dose)
    late = {verb for rule in whatever.late_dose for effect in found.of(rule) for verb in effect.advises}
    assert {"permit_late_dose", "omit_late_dose"} <= late


# --- An edition has its own -----------------------------------------------------------------------------------


def test_an_edition_states_what_a_rule_does_there() -> None:
    text, label = effects_of(), effects_of("us-label")
    assert text.of("RASH-01") == (
        Effect(lowers=("lenalidomide",), keeps=("ixazomib",), spares=("ixazomib", "lenalidomide")),
    )
    assert label.of("RASH-01")[0] == Effect(holds=("lenalidomide",), spares=("ixazomib",), keeps=("ixazomib",))
    assert (text.of("ANC-04")[0].lowers, label.of("ANC-04")[0].lowers) == (("ixazomib",), ("lenalidomide",))
    assert label.effects["ANC-04"].once, "when the kit asks for it is stated once"
    assert "NC-01" not in text.effects
    assert label.at("cycle_assessed").doing("holds") == ("ANC-01", "PLT-01", "PLT-05", "NC-01")


def test_what_edition_states_otherwise_is_a_rule_that_it_has_otherwise() -> None:
    """The sentence of a rule and what it does are restated together."""
    base = load_edition()
    for name in EDITION_NAMES:
        here, there = effects_of(name), effects_of()
        for rule in here.effects.keys() & there.effects.keys():
            if here.of(rule) != there.of(rule):
                assert load_edition(name).rule(rule).says != base.rule(rule).says, (name, rule)


def test_the_rules_that_decide_stand_in_order() -> None:
    """The more particular first, and last those that do it in some cases only."""
    at = effects_of().at("neutrophils_measured")
    assert at.doing("lowers", "ixazomib") == ("ANC-04", "ANC-06", "B-LENFLOOR")
    assert at.doing("lowers", "lenalidomide") == ("ANC-06",)
    assert at.doing("keeps", "lenalidomide") == ("ANC-05", "ANC-06", "B-LENFLOOR")
    assert at.doing("stops") == ("ANC-07", "B-LENFLOOR")
    assert at.advising("consider_g_csf") == ("ANC-03",)
    assert effects_of().at("dose_taken").effects == {}


@pytest.mark.parametrize(
    ("edition", "rules", "drug", "earner"),
    [
        ("dosing-text", ("ANC-02", "ANC-04", "ANC-06", "B-CONFIRM"), "ixazomib", "ANC-04"),
        ("dosing-text", ("ANC-02", "ANC-06", "B-LENFLOOR"), "ixazomib", "ANC-06"),
        ("dosing-text", ("PLT-02", "B-CONFIRM", "B-LENFLOOR"), "ixazomib", "B-LENFLOOR"),
        ("dosing-text", ("DOSE-08", "B-STACK"), "ixazomib", None),
        ("dosing-text", ("ANC-02", "ANC-04"), "lenalidomide", None),
        ("us-label", ("ANC-02", "ANC-04"), "lenalidomide", "ANC-04"),
    ],
)
def test_the_earner_is_the_most_particular_rule_that_lowers_the_drug(
    edition: str, rules: tuple[str, ...], drug: str, earner: str | None
) -> None:
    assert effects_of(edition).earner(rules, drug) == earner


@pytest.mark.parametrize("name", EDITION_NAMES)
def test_every_transition_that_asks_for_a_reduction_has_one_earner(name: str) -> None:
    """And the clause of the toxicity comes before the reading that passes a turn on."""
    found = effects_of(name)
    earners = set()
    for edge in view(name).graph.edges:
        drugs = {raised.removeprefix("owe_") for raised in edge.raised if raised.startswith("owe_")}
        for drug in drugs:
            earner = found.earner(edge.rules, drug)
            assert earner is not None, str(edge)
            assert earner in edge.rules
            earners.add(earner)
            if earner == "B-LENFLOOR":
                assert not {"ANC-06", "PLT-08", "RASH-06"} & set(edge.rules)
    assert {"ANC-04", "ANC-06", "PLT-06", "PLT-08", "RASH-04", "RASH-06", "PN-07", "OTH-03"} <= earners


# --- Refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[rules.ANC-01]", "[rules.ANC-99]", "'ANC-99' is no rule of any edition"),
        ("[editions.us-label.ANC-05]", "[editions.us-label.ANC-O5]", "'ANC-O5' is no rule of any edition"),
        ("[editions.us-label.ANC-05]", "[editions.uk-label.ANC-05]", "'uk-label' is no edition"),
        ('stops_instead = "PN-04"', 'stops_instead = "PN-10"', "'PN-10' is no rule of any edition"),
        ('one_level = ["B-STACK"]', 'one_level = ["B-STICK"]', "'B-STICK' is no rule of any edition"),
        ("\nB-FAMILY = ", "\nB-FAMILIES = ", "'B-FAMILIES' is no rule of any edition"),
        ('advises = ["consider_g_csf"]', 'advises = ["consider_gcsf"]', "'consider_gcsf' is no verb of an order"),
        ('holds = ["ixazomib", "lenalidomide"]', 'holds = ["ixazomab"]', "ixazomab"),
        ("resumes = ", "resumed = ", "resumed"),
        ("once = true", 'once = "sometimes"', "once"),
        ("[whatever]", "[whenever]", "whatever"),
        ("[whatever]", "[whatever", "not a file of rule effects"),
        ("either = [", "holds = ['ixazomib']\neither = [", "holds"),
    ],
)
def test_effects_that_are_wrong_are_refused(old: str, new: str, words: str) -> None:
    assert old in TEXT
    with pytest.raises(RulesError) as refused:
        parsed(TEXT.replace(old, new, 1))
    assert words in str(refused.value)
    assert refused.value.where == "some.toml"


def test_a_kind_of_event_that_does_not_exist_is_refused() -> None:
    found = parsed(TEXT.replace('at = ["rash_graded"]', 'at = ["rash_grated"]', 1))
    with pytest.raises(RulesError, match="'rash_grated' is no kind of event"):
        check_kinds(found["dosing-text"], KINDS, "some.toml")
    for name in EDITION_NAMES:
        check_kinds(effects_of(name), KINDS)


def test_effects_are_read_once_and_are_in_no_edition() -> None:
    assert load_effects("us-label", VERBS) is effects_of("us-label")
    assert all("effects" not in load_edition(name).model_dump() for name in EDITIONS)
    with pytest.raises(RulesError, match="there is no edition 'us'"):
        effects_of("us")
