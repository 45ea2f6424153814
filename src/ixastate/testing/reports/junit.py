"""The test report as JUnit XML, which most servers for continuous integration read."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from ixastate.testing.adapter import NOT_REPEATABLE
from ixastate.testing.conformance import Result, Summary
from ixastate.testing.reports.report import failing_lines

# What XML 1.0 cannot hold.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(summary: Summary, name: str) -> bytes:
    """One test case per course; a wrong answer is a failure, a fault an error."""
    faults = [result for result in summary.ran if result.failure is not None and result.failure.fault is not None]
    wrong = [result for result in summary.ran if result.failure is not None and result.failure.fault is None]
    counts = {
        "tests": str(len(summary.ran) + summary.nothing_compared),
        "failures": str(len(wrong)),
        "errors": str(len(faults) + summary.nothing_compared),
        "skipped": "0",
    }
    suites = ElementTree.Element("testsuites", {"name": _clean(f"ixastate conform {name}"), **counts})
    suite = ElementTree.SubElement(suites, "testsuite", {"name": _clean(name), **counts})
    for result in summary.ran:
        cover = result.test.course.rsplit("-", 1)[0]
        title = f"{result.test.course} {result.test.name}"
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": f"ixastate.{cover}", "name": _clean(title), "time": "0"}
        )
        if result.failure is None:
            continue
        kind = "error" if result.failure.fault is not None else "failure"
        problem = ElementTree.SubElement(
            case, kind, {"type": result.failure.title, "message": _clean(_message(result))}
        )
        problem.text = _clean("\n".join(failing_lines(result, summary.edition)))
    if summary.nothing_compared:
        case = ElementTree.SubElement(suite, "testcase", {"classname": "ixastate", "name": "answers", "time": "0"})
        ElementTree.SubElement(case, "error", {"type": "fault: nothing", "message": "no answer could be compared"})
    ElementTree.indent(suites)
    content: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _message(result: Result) -> str:
    failure = result.failure
    assert failure is not None
    if failure.fault == NOT_REPEATABLE:
        return f"{NOT_REPEATABLE}: {failure.what}"
    return failure.what or "; ".join(map(str, failure.differences))


def _clean(text: str) -> str:
    return FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
