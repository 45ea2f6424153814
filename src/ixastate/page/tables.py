"""The data of one edition for a page: its moves, what they say, what events mean, and what its calendar needs.

All of it is plain data that JSON can write, the same each time, with a fingerprint. Rules and orders are numbered: the
rules in the order of the edition, the orders in that in which they are given. A move is numbered as in the table.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, time
from functools import cache
from typing import Any

from ixastate import units
from ixastate.chart.status import Status
from ixastate.course.schedule import NOMINAL_MONDAY, Calendar, doses_due, is_ixazomib_day
from ixastate.events import AMENDING, DRUGS, KINDS, WEEKDAYS, CourseStarted, Event
from ixastate.fields import FIRST_YEAR, LAST_DAY, LAST_YEAR
from ixastate.orders import Order, in_order
from ixastate.page.doses import chart, reports
from ixastate.page.forms import GROUPS, forms
from ixastate.page.meanings import Answer, read_kinds, table
from ixastate.page.packing import packed
from ixastate.rules import DEFAULT_EDITION, Edition
from ixastate.symbols import BOTH
from ixastate.table.table import Table
from ixastate.version import __version__

# The number of the format; a script refuses data of another one.
FORMAT = 1


class _Numbers:
    """Orders and rules by their numbers. An order that is met first has to be known before."""

    def __init__(self, edition: Edition, orders: Iterable[Order]) -> None:
        self.rule_ids = list(edition.rules)
        self._rules = {rule: number for number, rule in enumerate(self.rule_ids)}
        # Those of one verb and drug by their doses.
        self.listed = in_order(orders)
        self.listed = tuple(sorted(self.listed, key=lambda order: _place(order, self.listed)))
        self._orders = {order: number for number, order in enumerate(self.listed)}

    def orders(self, orders: Iterable[Order]) -> list[int]:
        return [self._orders[order] for order in orders]

    def rules(self, rules: Iterable[str]) -> list[int]:
        return [self._rules[rule] for rule in rules]

    def both(self, said: tuple[Iterable[Order], Iterable[str]]) -> dict[str, list[int]]:
        return {"orders": self.orders(said[0]), "rules": self.rules(said[1])}


def _place(order: Order, listed: tuple[Order, ...]) -> tuple[int, float]:
    """Where the orders of its verb and drug begin, and its dose."""
    first = next(place for place, one in enumerate(listed) if (one.verb, one.drug) == (order.verb, order.drug))
    return first, order.dose_mg


@cache
def tables(edition: str = DEFAULT_EDITION) -> dict[str, Any]:
    """The data of an edition, with `fingerprint`; `RulesError` when there is no such edition.

    `moves` are columns, one for each symbol: for each configuration the difference to it of the configuration after the
    symbol, and the number of the output. Packed text is unpacked as `packing` says.
    """
    machine = Table.of(edition)
    rules = machine.graph.edition
    asked = {kind: table(kind, rules) for kind in read_kinds()}
    slot, dose_reports = chart(edition), reports(edition)
    reviews = [Order("review_long_hold", drug) for drug in BOTH]
    numbers = _Numbers(rules, [*reviews, *_orders_of(machine, asked, slot, dose_reports)])
    statuses = list(dict.fromkeys(machine.statuses))
    known = {status: number for number, status in enumerate(statuses)}
    width, count = len(machine.symbols), len(machine.configurations)
    by_symbol = range(width)
    data: dict[str, Any] = {
        "format": FORMAT,
        "version": __version__,
        "edition": rules.name,
        "title": rules.title,
        "source": rules.source,
        "machine": machine.graph.fingerprint,
        "rules": [
            {"id": rule.id, "title": rule.title, "says": " ".join(rule.says.split()), "place": rule.place}
            | {"kind": rule.kind, "lines": list(rule.lines), "acts": bool(rule.executed_by)}
            for rule in rules.rules.values()
        ],
        "orders": [{**order.as_json(), "words": str(order)} for order in numbers.listed],
        # What orders of several steps come to: a verb that leaves nothing else, verbs that undo each other, and one of
        # which the last counts.
        "verbs": {"all": "stop", "turns": ["hold", "resume"], "last": "reduce"},
        "symbols": list(machine.symbols),
        "configurations": count,
        "final": machine.final,
        "statuses": [_status(status) for status in statuses],
        "status": packed(known[status] for status in machine.statuses),
        "next": packed(machine.next[row * width + column] - row for column in by_symbol for row in range(count)),
        "output": packed(machine.output[row * width + column] for column in by_symbol for row in range(count)),
        "outputs": [
            numbers.both((orders, cited)) | {"edges": list(edges)}
            for orders, cited, edges in zip(machine.orders, machine.rules, machine.edges, strict=True)
        ],
        "edges": [str(edge) for edge in machine.graph.edges],
        "meanings": {
            kind: {"axes": [axis.reads for axis in axes], **_answers(answers, machine, numbers)}
            for kind, (axes, answers) in asked.items()
        },
        "slot": slot | {"moves": [[move and _slot_move(move, numbers) for move in row] for row in slot["moves"]]},
        "reports": {
            kind: report
            | {
                "beside": {
                    drug: {fault: numbers.both(said) for fault, said in faults.items()}
                    for drug, faults in report["beside"].items()
                }
            }
            for kind, report in dose_reports.items()
        },
        "units": {kind: units.parts(kind) for kind in ("count", "bilirubin", "clearance")},
        "calendar": _calendar(rules),
        "due": _due(statuses, rules, numbers),
        "ends": {"rules": numbers.rules(["K-FINAL"])},
        "long_hold": {
            "days": rules.integer("B-HOLD-MAX", "alert"),
            "rules": numbers.rules(["B-HOLD-MAX"]),
            "orders": dict(zip(BOTH, numbers.orders(reviews), strict=True)),
        },
        # The kind of event with which a course begins, and those of lines about another line.
        "start": CourseStarted.model_fields["type"].default,
        "amending": list(AMENDING),
        "fields": {kind: _fields(kind) for kind in KINDS},
        "forms": forms(),
        "groups": GROUPS,
    }
    return data | {"fingerprint": fingerprint(data)}


def fingerprint(data: Any) -> str:
    """A digest of data as JSON writes them, the same wherever they are made."""
    return hashlib.sha256(written(data).encode()).hexdigest()


def written(data: Any) -> str:
    """Data as JSON, without blanks and in the order of their keys."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _orders_of(machine: Table, asked: dict[str, Any], slot: dict[str, Any], said: dict[str, Any]) -> Iterable[Order]:
    for orders in machine.orders:
        yield from orders
    for _, answers in asked.values():
        for answer in answers:
            yield from answer.orders
    for row in slot["moves"]:
        for move in row:
            yield from move[1] if move else ()
    for report in said.values():
        for faults in report["beside"].values():
            for orders, _ in faults.values():
                yield from orders


def _status(status: Status) -> dict[str, Any]:
    return {**status.as_json(), "place": status.place}


def _slot_move(move: tuple[int, Iterable[Order], Iterable[str]], numbers: _Numbers) -> dict[str, Any]:
    after, orders, rules = move
    return {"after": after, **numbers.both((orders, rules))}


def _answers(answers: list[Answer], machine: Table, numbers: _Numbers) -> dict[str, Any]:
    """The different answers, and for each combination of classes which of them it is."""
    different = list(dict.fromkeys(answers))
    known = {answer: number for number, answer in enumerate(different)}
    return {
        "answers": [_answer(answer, machine, numbers) for answer in different],
        "answer": [known[answer] for answer in answers],
    }


def _answer(answer: Answer, machine: Table, numbers: _Numbers) -> dict[str, Any]:
    found: dict[str, Any] = numbers.both((answer.orders, answer.rules))
    if answer.refused is not None:
        what, remedy = answer.refused
        return found | {"refused": {"what": what, "remedy": remedy}}
    found["symbols"] = [machine.columns[symbol] for symbol in answer.symbols]
    if answer.every_days > 1:
        found["every_days"] = answer.every_days
    if answer.baseline:
        found["baseline"] = True
    if answer.term is not None:
        found["term"] = answer.term[0] if answer.term[0] == "closed" else {"attribution": answer.term[1]}
        found["related"] = answer.related
    return found


# --- The calendar ---------------------------------------------------------------------------------------------


def _calendar(edition: Edition) -> dict[str, Any]:
    length = edition.integer("DOSE-01", "cycle")
    return {
        "cycle_days": length,
        "ixazomib_days": [day for day in range(1, length + 1) if is_ixazomib_day(day, edition)],
        "late_hours": edition.integer("ADM-11", "interval"),
        "weekdays": list(WEEKDAYS),
        "first_day": NOMINAL_MONDAY.isoformat(),
        "last_day": LAST_DAY,
        "years": [FIRST_YEAR, LAST_YEAR],
        "drugs": list(DRUGS),
        "held": list(BOTH),
    }


def _due(statuses: list[Status], edition: Edition, numbers: _Numbers) -> dict[str, Any]:
    """What is due on each day of a cycle, by the days between two doses of lenalidomide and by the status.

    `doses` are the different doses, `days` the different days as lists of doses, `rows` the different cycles as lists
    of days, and `by_rhythm` the row of each status.
    """
    doses, days, rows = _Listed(), _Listed(), _Listed()
    by_rhythm = {}
    for every in sorted({band.every_days for band in edition.lenalidomide.start}):
        dates = Calendar(NOMINAL_MONDAY, time(8), UTC, True, every)
        by_rhythm[str(every)] = [
            rows.number(
                tuple(
                    days.number(
                        tuple(
                            doses.number((dose.drug, dose.mg, dose.how, tuple(numbers.rules(dose.rules))))
                            for dose in doses_due(day, status, dates, edition)
                        )
                    )
                    for day in range(1, edition.integer("DOSE-01", "cycle") + 1)
                )
            )
            for status in statuses
        ]
    return {
        "doses": [
            {"drug": drug, "mg": mg, "how": list(how), "rules": list(rules)} for drug, mg, how, rules in doses.all
        ],
        "days": [list(day) for day in days.all],
        "rows": [list(row) for row in rows.all],
        "by_rhythm": by_rhythm,
    }


class _Listed:
    """Different things in the order in which they were met, each with its number."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._known: dict[Any, int] = {}

    def number(self, one: Any) -> int:
        if one not in self._known:
            self._known[one] = len(self.all)
            self.all.append(one)
        return self._known[one]


def _fields(kind: str) -> dict[str, bool]:
    """The fields of a kind of event, each with whether it must be there."""
    model: type[Event] = KINDS[kind]
    return {name: field.is_required() for name, field in model.model_fields.items()}
