"""The test report as one self-contained web page: no script, no font and no picture from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ixastate.rules import Rule
from ixastate.testing.answers import show
from ixastate.testing.conformance import Result, Summary
from ixastate.testing.reports.report import FAULTS, course_lines, not_repeatable_words
from ixastate.testing.sentences import unknown

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d5dae1; --paper: #fff; --back: #f4f6f8;
  --bad: #b3261e; --good: #1b6e3c; --idle: #6b7480; --mark: #fff3f2; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa6b5; --line: #39434f; --paper: #1b2129;
  --back: #12161c; --bad: #ff8a80; --good: #7bd88f; --idle: #98a2ae; --mark: #33201f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0 0 .25rem; }
p { margin: .25rem 0; }
.soft { color: var(--soft); }
.verdict { font-weight: 600; }
.bad { color: var(--bad); } .good { color: var(--good); } .idle { color: var(--idle); }
section.card { background: var(--paper); border: 1px solid var(--line); border-left: 4px solid var(--bad);
  border-radius: 6px; padding: 1rem 1.25rem; margin: 0 0 1rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); }
td.number, th.number { text-align: right; }
section.card table + table { margin-top: .75rem; }
tr.wrong td { background: var(--mark); font-weight: 600; }
.scroll { overflow-x: auto; background: var(--paper); border: 1px solid var(--line); border-radius: 6px;
  padding: .5rem 1rem; }
.tag { display: inline-block; min-width: 6.5rem; }
"""


def page(summary: Summary, name: str) -> bytes:
    """The page in UTF-8."""
    return "\n".join(_lines(summary, name)).encode()


def _lines(summary: Summary, name: str) -> Iterator[str]:
    failed = sum(result.failure is not None for result in summary.ran)
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(name)}: conformance</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>"
    yield f"<h1>{escape(name)}</h1>"
    verdict = '<span class="good">conforms</span>' if summary.well else '<span class="bad">does not conform</span>'
    yield f'<p class="verdict">{verdict}: {len(summary.ran)} courses run, {failed} wrong</p>'
    yield f'<p class="soft">{escape(summary.edition.title)} (edition {escape(summary.edition.name)})</p>'
    if summary.nothing_compared:
        yield '<p class="bad">It answers nothing: no answer held any of the parts that can be compared.</p>'
    if summary.not_repeatable:
        yield f'<p class="bad">Not repeatable: {escape(not_repeatable_words(summary))}.</p>'
    if summary.not_run:
        yield f'<p class="bad">{summary.not_run} courses were not run: it failed to answer too often.</p>'
    shortest = summary.shortest()
    if shortest:
        yield "<h2>What it gets wrong</h2>"
    for title, result in shortest.items():
        yield from _card(result, summary, summary.times(title))
    yield "<h2>Rule by rule</h2>"
    yield from _rules(summary)
    yield '<p class="soft">A research and teaching tool, not medical advice.</p>'
    yield "</main>\n</body>\n</html>\n"


def _card(result: Result, summary: Summary, times: int) -> Iterator[str]:
    failure = result.failure
    assert failure is not None
    yield '<section class="card">'
    if failure.fault is not None:
        yield f'<h3 class="bad">{escape(FAULTS[failure.fault].capitalize())}</h3><p>{escape(failure.what)}</p>'
    else:
        rule = summary.edition.rule(failure.rule)
        yield f'<h3><span class="bad">{escape(rule.id)}</span> {escape(rule.title)}</h3>'
        yield f'<p class="soft">{escape(_place(rule))}</p><p>{escape(rule.says)}</p>'
    many = f" · {times} courses" if times > 1 else ""
    yield f'<p class="soft">{escape(result.test.course)}: {escape(result.test.name)}{many}</p>'
    yield "<table><thead><tr><th>when</th><th>what is seen</th><th>state that is right</th></tr></thead><tbody>"
    rows = list(course_lines(result))
    for number, cells in enumerate(rows):
        kind = ' class="wrong"' if number == len(rows) - 1 else ""
        yield f"<tr{kind}>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
    yield "</tbody></table>"
    if failure.differences:
        yield "<table><thead><tr><th>part of the answer</th><th>expected</th><th>got</th></tr></thead><tbody>"
        for one in failure.differences:
            strange = unknown(one.key, one.got, summary.edition)
            got = show(one.got) + (f" (unknown: {'; '.join(strange)})" if strange else "")
            cells = (one.key, show(one.expected), got)
            yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        yield "</tbody></table>"
    if len(failure.rules) > 1:
        yield f'<p class="soft">rests also on {escape(" ".join(failure.rules[1:]))}</p>'
    yield "</section>"


def _place(rule: Rule) -> str:
    return f"{rule.place} of the dosing text · {rule.kind}" if rule.lines else rule.kind


def _rules(summary: Summary) -> Iterator[str]:
    colours = {"failed": "bad", "passed": "good", "not reached": "idle"}
    yield '<div class="scroll"><table><thead><tr><th>rule</th><th>result</th><th class="number">right answers</th>'
    yield '<th class="number">wrong courses</th><th>what it is about</th></tr></thead><tbody>'
    for rule, tally in summary.by_rule().items():
        cells = f'<td>{rule}</td><td class="{colours[tally.word]}">{tally.word}</td>'
        cells += f'<td class="number">{tally.passed or ""}</td><td class="number">{tally.failed or ""}</td>'
        yield f"<tr>{cells}<td>{escape(summary.edition.rule(rule).title)}</td></tr>"
    yield "</tbody></table></div>"
