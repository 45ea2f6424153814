"""Terms of adverse events: which mean rash, neuropathy or blood, however they are spelled, and by every door alike."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ixastate.course.alphabet import Context, read
from ixastate.errors import CourseRefusal, RulesError
from ixastate.events import OtherToxicityGraded
from ixastate.rules import load_edition
from ixastate.rules.terms import TermGroup, load_terms, parse_terms, term_group, toxicity_of_term
from ixastate.symbols import NEUROPATHY, RASH, TOXICITY


def listed(text: str) -> list[str]:
    return [term.strip() for term in text.split(";")]


# Written here by hand, as people write them.
RASHES = listed("""
    Rash; RASH MACULO-PAPULAR; Rash maculopapular; Rash, maculo-papular; Maculopapular rash;
    rash maculo papular; Rash macular; Rash papular; Rash erythematous; Rash pruritic; Pruritic rash;
    Rash pustular; Rash acneiform; Dermatitis acneiform; Rash vesicular; Rash generalised;
    Rash generalized; generalized rash; Drug eruption; Toxic skin eruption; Papulopustular rash;
    Rash morbilliform; Rash (NOS); Grade 3 rash; rash grade 2; Skin rash; Exfoliative rash;
    Erythema multiforme; Rash - maculo-papular; rash_papular
""")
RASHES += ["  rash  "]
SEVERE = listed("""
    Stevens-Johnson syndrome; Stevens Johnson Syndrome; STEVENS–JOHNSON SYNDROME; SJS; SJS/TEN;
    SJS-TEN overlap; Toxic epidermal necrolysis; Lyell's syndrome; DRESS;
    Acute generalised exanthematous pustulosis; AGEP;
    Drug reaction with eosinophilia and systemic symptoms; Acute generalized exanthematous pustulosis
""")
NEUROPATHIES = listed("""
    Peripheral sensory neuropathy; Peripheral motor neuropathy; Neuropathy peripheral;
    Neuropathy, peripheral; Peripheral neuropathy; PERIPHERAL SENSORIMOTOR NEUROPATHY;
    Peripheral sensori-motor neuropathy; Polyneuropathy; Poly-neuropathy; Neuropathy peripheral NOS;
    Peripheral neuropathy (sensory); small fiber neuropathy; Neuropathy; Small fibre neuropathy;
    Axonal neuropathy; Toxic neuropathy; sensory peripheral neuropathy; Neuritis;
    Chemotherapy-induced peripheral neuropathy; Demyelinating polyneuropathy
""")
PAINFUL = listed("""
    Neuralgia; Neuropathic pain; Painful peripheral neuropathy; nerve pain
""")
BLOOD = listed("""
    Neutrophil count decreased; Neutropenia; Neutropaenia; Febrile neutropenia; Neutropenia febrile;
    Platelet count decreased; PLATELET COUNT, DECREASED; Platelets decreased; Thrombocytopenia;
    Thrombocytopaenia; Anaemia; Anemia; ANÆMIA; White blood cell decreased;
    White blood cell count decreased; WBC decreased; Leukopenia; Leucopenia; Leucopaenia;
    Lymphocyte count decreased; Lymphopenia; Lymphocytopenia; Pancytopenia; Agranulocytosis;
    Granulocytopenia; Haemolytic anaemia; Hemolytic anemia; Eosinophilia; Leukocytosis; Leucocytosis;
    Bone marrow failure; Bone marrow hypocellular; Haemoglobin decreased; Hemoglobin decreased;
    Hemoglobin increased; CD4 lymphocytes decreased; Cytopenia; Aplastic anaemia;
    Iron deficiency anaemia; Disseminated intravascular coagulation;
    Thrombotic thrombocytopenic purpura; Hemolytic uremic syndrome; Lymph node pain; Methemoglobinemia;
    Blood and lymphatic system disorders - Other, specify; Thrombocytosis;
    Blood and lymphatic system disorders; Haemolysis; Hemolysis; Red blood cell count decreased;
    low platelets; Heparin-induced thrombocytopenia; Reticulocytopenia; Cyclic neutropenia; Platelet disorder;
    Band neutrophil count decreased; Neutrophil percentage decreased; Thrombocytopenia purpura
""")
OTHERS = listed("""
    Diarrhoea; Nausea; Fatigue; Pruritus; Dry skin; Urticaria; Erythema; Eczema; Paraesthesia;
    Paresthesia; Dysaesthesia; Hypoaesthesia; Injection site rash; Application site rash;
    Trigeminal neuralgia; Post herpetic neuralgia; Guillain-Barre syndrome; Optic neuritis;
    Autonomic neuropathy; Neutropenic sepsis; INR increased;
    Activated partial thromboplastin time prolonged; Fibrinogen decreased;
    Alanine aminotransferase increased; Palmar-plantar erythrodysesthesia syndrome; Brash;
    rashes elsewhere; Skin and subcutaneous tissue disorders - Other; Nervous system disorders;
    Herpes zoster; Thrombosis; Pain; Infection; Grade 3; NOS; 3; -
""")
OTHERS += ["", "  "]
MEANT = [
    *((term, "rash", False, False) for term in RASHES),
    *((term, "rash", True, False) for term in SEVERE),
    *((term, "neuropathy", False, False) for term in NEUROPATHIES),
    *((term, "neuropathy", False, True) for term in PAINFUL),
    *((term, "haematological", False, False) for term in BLOOD),
]
EDITION = load_edition()


@pytest.mark.parametrize(("term", "toxicity", "severe", "painful"), MEANT)
def test_a_term_means_a_toxicity(term: str, toxicity: str, severe: bool, painful: bool) -> None:
    group = term_group(term)
    assert group is not None
    assert (group.toxicity, group.severe, group.painful) == (toxicity, severe, painful)


@pytest.mark.parametrize("term", OTHERS)
def test_any_other_term_is_an_other_toxicity(term: str) -> None:
    assert toxicity_of_term(term) is None


def meaning(group: TermGroup | None) -> tuple[str, bool, bool] | None:
    return (group.toxicity, group.severe, group.painful) if group else None


LISTED = [(name, group) for group in load_terms().terms for name in group.names]


@given(st.sampled_from(LISTED), st.data())
def test_case_punctuation_hyphens_blanks_and_the_order_of_words_are_set_aside(
    found: tuple[str, TermGroup], data: st.DataObject
) -> None:
    name, group = found
    words = name.split()
    if len(words) <= 4:
        words = data.draw(st.permutations(words))
    between = st.sampled_from([" ", "  ", "-", ", ", " - ", "_", "\N{NO-BREAK SPACE}", "\N{EN DASH}", "/", "."])
    text = words[0] + "".join(f"{data.draw(between)}{word}" for word in words[1:])
    for changed in (text, text.upper(), text.title(), f" ({text}) ", f"{text} NOS", f"Grade 3 {text}"):
        assert meaning(term_group(changed)) == meaning(group)


BRITISH = {
    "haem": "hem",
    "anaem": "anem",
    "leuko": "leuco",
    "leuco": "leuko",
    "penia": "paenia",
    "generalised": "generalized",
}


@pytest.mark.parametrize(
    ("name", "group"), [(name, group) for name, group in LISTED if any(b in name for b in BRITISH)]
)
def test_british_and_american_spelling_mean_the_same(name: str, group: TermGroup) -> None:
    for one, other in BRITISH.items():
        assert meaning(term_group(name.replace(one, other))) == meaning(group)


def test_no_term_has_two_meanings() -> None:
    meanings: dict[str, set[tuple[str, bool, bool] | None]] = {}
    for spelling, group in load_terms().spelled():
        meanings.setdefault(spelling, set()).add(meaning(group))
    assert {spelling: found for spelling, found in meanings.items() if len(found) > 1} == {}
    assert "" not in meanings
    names = [name for name, _ in LISTED]
    assert len(names) == len(set(names)), "no name stands twice"
    assert {"rash", "neuropathy", "haematological"} == {group.toxicity for _, group in LISTED}
    assert all(group.source for group in load_terms().terms)


def a_list(*groups: str) -> str:
    return "set_aside = []\n[read_as]\n" + "".join(f"[[terms]]\n{group}\n" for group in groups)


RASH_AB = 'toxicity = "rash"\nsource = "x"\nnames = ["a b", "c"]'


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (a_list(RASH_AB, 'toxicity = "neuropathy"\nsource = "x"\nnames = ["B-A"]'), "the term 'ba' has two meanings"),
        (a_list(RASH_AB, 'toxicity = "rash"\nsevere = true\nsource = "x"\nnames = ["C"]'), "the term 'c' has two"),
        (a_list('toxicity = "fever"\nsource = "x"\nnames = ["a"]'), "not a list of terms"),
        (a_list('toxicity = "rash"\nnames = ["a"]'), "not a list of terms"),
        ("terms = [", "not a list of terms"),
    ],
)
def test_a_list_that_does_not_hold_is_refused(text: str, wrong: str) -> None:
    assert len(list(parse_terms(a_list(RASH_AB), "some.toml").spelled())) == 3
    with pytest.raises(RulesError, match=wrong) as refused:
        parse_terms(text, "some.toml")
    assert refused.value.where == "some.toml"


# --- In the alphabet -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("term", "toxicity", "severe", "painful"), MEANT)
def test_an_event_of_the_wrong_kind_is_refused_and_one_of_the_blood_recorded(
    term: str, toxicity: str, severe: bool, painful: bool
) -> None:
    for edition, grade in itertools.product((EDITION, load_edition("us-label")), (1, 4)):
        event = OtherToxicityGraded(day=8, term=term, grade=grade, attribution="clear")
        if toxicity in TOXICITY:
            with pytest.raises(CourseRefusal, match="is not an other toxicity") as refused:
                read(event, Context(), edition)
            kind = {"rash": RASH, "neuropathy": NEUROPATHY}[toxicity].event
            also = " of grade 4" if severe else " with pain" if painful else ""
            assert refused.value.remedy == f"report it as {kind}{also}"
            assert refused.value.rules == ("B-RASH-CLASS",)
        else:
            meaning = read(event, Context(), edition)
            assert (meaning.symbols, meaning.orders, meaning.context) == ((), (), Context())
            assert "B-HAEM-OTHER" in meaning.rules


@pytest.mark.parametrize("term", [term for term in OTHERS if term.strip()])
def test_any_other_term_holds(term: str) -> None:
    event = OtherToxicityGraded(day=8, term=term, grade=3, attribution="clear")
    assert read(event, Context(), EDITION).context.open_terms == ((term.lower(), "clear"),)
