"""The doors of files that people edit or that are kept: rules, parameters of models, suites, and tables."""

from __future__ import annotations

import hashlib
import json
import zlib
from functools import cache
from random import Random
from typing import get_args

from ixastate.cohort.models.hazards import Hazards
from ixastate.cohort.run.plan import Plan, arrays_of, model_of, read_model
from ixastate.orders import Verb
from ixastate.rules import Edition, parse
from ixastate.rules.effects import parse_effects
from ixastate.rules.terms import parse_terms
from ixastate.table.table import MAGIC, load, save
from ixastate.testing.adapter import InProcess
from ixastate.testing.conformance import conform
from ixastate.testing.reports.junit import junit
from ixastate.testing.reports.page import page
from ixastate.testing.reports.report import report
from ixastate.testing.suites.files import read_suite, write_suite
from tests import kit, tables
from tests.fuzz import mutate
from tests.fuzz.logs import ROOT, examples
from tests.fuzz.run import Door
from tests.fuzz.studies import folder

RULES, MODELS = ROOT / "src" / "ixastate" / "rules", ROOT / "src" / "ixastate" / "cohort" / "models"


def _in_bytes(rng: Random, text: str) -> bytes:
    content = text.encode("utf-8", "surrogatepass")
    kind = rng.randrange(20)
    if kind == 0:
        return mutate.broken_bytes(rng, content)
    return b"\xef\xbb\xbf" * (kind == 1) + content


# --- Rules -----------------------------------------------------------------------------------------------------------


@cache
def rules_files() -> dict[str, str]:
    """The files of rules by name; of the long ones a part that is whole by itself."""
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted(RULES.glob("*.toml"))}
    del found["dosing_text.toml"]
    return found


def rules(rng: Random) -> tuple[str, str]:
    """A broken file of rules, of effects or of terms, by its name."""
    found = rules_files()
    name = rng.choice([name for name in found if name.startswith("what_if")] * 2 + list(found))
    return name, mutate.toml(rng, found[name], list(found.values())).encode("utf-8", "replace").decode()


def ruled(given: tuple[str, str]) -> None:
    """What the file says, which stays the same as data."""
    name, text = given
    if name == "effects.toml":
        assert parse_effects(text, name, get_args(Verb))
    elif name == "terms.toml":
        found = parse_terms(text, name)
        assert type(found).model_validate_json(found.model_dump_json()) == found
    else:
        edition = parse(text, name)
        assert Edition.model_validate(edition.model_dump()) == edition
        assert Edition.model_validate_json(edition.model_dump_json()) == edition
        assert list(edition.cite(edition.rules)) == list(edition.rules)
        repr(edition)


# --- Parameters ------------------------------------------------------------------------------------------------------


@cache
def parameter_files() -> tuple[str, ...]:
    """The parameters of the models as they come with the package."""
    return tuple((MODELS / f"{name}.toml").read_text(encoding="utf-8") for name in ("hazards", "hazards", "pkpd"))


def parameters(rng: Random) -> bytes:
    """A broken file of parameters."""
    files = parameter_files()
    return _in_bytes(rng, mutate.toml(rng, rng.choice(files), files))


def modelled(content: bytes) -> None:
    """The model of a file, and the plan of a run with it."""
    path = folder() / "parameters.toml"
    path.write_bytes(content)
    model = read_model(str(path))
    assert model_of(model.text, "again") == type(model).parse(model.text, "again")
    plan = Plan(10, 1, 1, "dosing-text", model.name, model.text)
    assert Plan.from_json(json.loads(json.dumps(plan.as_json())), "again") == plan
    assert json.loads(plan.deciding()["toxicity"])["model"] == model.name
    if isinstance(model, Hazards) and zlib.crc32(content) % 40 == 0:
        chain = model.chain(arrays_of("dosing-text"))
        assert abs(chain.start.sum() - 1) < 1e-9
        assert ((chain.probabilities >= 0) & (chain.probabilities <= 1)).all()


# --- Suites ----------------------------------------------------------------------------------------------------------


@cache
def suites() -> tuple[list[str], ...]:
    """Small suites as lines."""
    found = []
    for log in examples()[0][5:25]:
        events = [json.loads(line) for line in log]
        plain = [event for event in events if event["type"] not in ("event_corrected", "event_withdrawn")][:5]
        found.append(list(kit.of(kit.answered(*plain), kit.answered(kit.START, kit.anc(8, 420))).lines()))
    return tuple(found)


def suite(rng: Random) -> bytes:
    """A broken suite."""
    log = list(rng.choice(suites()))
    kind = rng.randrange(10)
    if kind < 8:
        place = rng.choice((0, 1, 1, 1, 2))
        data = json.loads(log[place])
        log[place] = mutate.as_json(rng, mutate.value(rng, data, [json.loads(rng.choice(log))]))
    else:
        log = mutate.lines(rng, log, rng.choice(suites()))
    return _in_bytes(rng, "\n".join(log) + rng.choice(("\n", "")))


def conformed(content: bytes) -> None:
    """A suite is written and read as the same, and a system is tested with it and reported on."""
    path = folder() / "suite.jsonl"
    path.write_bytes(content)
    found = read_suite(path)
    write_suite(path, found)
    assert read_suite(path) == found, "the suite is read as another"
    summary = conform(InProcess(kit.Sound), found)
    name = "the system"
    for text in report(summary, name):
        assert text is not None
    page(summary, name)
    junit(summary, name)


# --- Tables ----------------------------------------------------------------------------------------------------------


@cache
def small_table() -> bytes:
    """A table as it is kept."""
    path = folder() / "small.table"
    save(tables.small(), path)
    return path.read_bytes()


def table(rng: Random) -> bytes:
    """A broken table; of some the digest is right all the same."""
    content = small_table()
    _, head, body = content[len(MAGIC) :].split(b"\n", 2)
    kind = rng.randrange(8)
    if kind < 2:
        return mutate.broken_bytes(rng, content)
    if kind < 6:
        whole = json.loads(head)["outputs"]
        header = mutate.value(rng, json.loads(head), [json.loads(head)])
        outputs = header.get("outputs") if isinstance(header, dict) else None
        if isinstance(header, dict) and (not isinstance(outputs, list) or len(outputs) != len(whole)):
            # Which of them each move names is believed, as all that the digest is over.
            header["outputs"] = whole
        head = mutate.as_json(rng, header).encode("utf-8", "surrogatepass")
    else:
        # What is compressed is believed once its digest is right; the compression is not.
        body = mutate.broken_bytes(rng, body)
    rest = head + b"\n" + body
    return MAGIC + hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest


def kept(content: bytes) -> None:
    """A table that is read can be walked."""
    path = folder() / "kept.table"
    path.write_bytes(content)
    found = load(path, tables.small_graph())
    assert len(found.statuses) == len(found.space.bits)
    assert len(found.orders) == len(found.rules) == len(found.edges)
    number = 0
    for step in range(50):
        number = found.next[found.row(number)[step % len(found.symbols)]]
        assert found.orders[found.output[found.row(number)[0]]] is not None
        assert len(found.course_to(number)) <= len(found.space.bits)


DOORS = [
    Door("rules", 1.5, rules, ruled),
    Door("parameters", 0.8, parameters, modelled),
    Door("suite", 3, suite, conformed),
    Door("table", 0.3, table, kept),
]
