"""ixastate: an explicit state machine of a cancer treatment course.

The public names, in the order of the flow: event → symbol → configuration and orders → record → log. They are
imported when they are first used, so that the command line starts quickly.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ixastate._old_names import install
from ixastate.registry import provide
from ixastate.version import __version__ as __version__

if TYPE_CHECKING:
    from ixastate.amendments import EventCorrected as EventCorrected
    from ixastate.amendments import EventWithdrawn as EventWithdrawn
    from ixastate.amendments import parse_line as parse_line
    from ixastate.chart.builder import Step as Step
    from ixastate.chart.chart import build_chart as build_chart
    from ixastate.chart.status import Status as Status
    from ixastate.cohort.run.simulation import simulate as simulate
    from ixastate.course.course import Course as Course
    from ixastate.course.log import read_log as read_log
    from ixastate.course.log import write_log as write_log
    from ixastate.course.record import Record as Record
    from ixastate.course.record import Snapshot as Snapshot
    from ixastate.course.replay import replay_log as replay_log
    from ixastate.course.schedule import doses_due as doses_due
    from ixastate.errors import ChartError as ChartError
    from ixastate.errors import ConflictError as ConflictError
    from ixastate.errors import CourseRefusal as CourseRefusal
    from ixastate.errors import InputError as InputError
    from ixastate.errors import IxastateError as IxastateError
    from ixastate.errors import MissingExtra as MissingExtra
    from ixastate.errors import OutputError as OutputError
    from ixastate.errors import RulesError as RulesError
    from ixastate.events import BilirubinMeasured as BilirubinMeasured
    from ixastate.events import ConsentWithdrawn as ConsentWithdrawn
    from ixastate.events import CourseStarted as CourseStarted
    from ixastate.events import CreatinineClearanceMeasured as CreatinineClearanceMeasured
    from ixastate.events import CycleAssessed as CycleAssessed
    from ixastate.events import DoseDelayed as DoseDelayed
    from ixastate.events import DoseMissed as DoseMissed
    from ixastate.events import DoseOverdosed as DoseOverdosed
    from ixastate.events import DoseTaken as DoseTaken
    from ixastate.events import DoseTakenWrongly as DoseTakenWrongly
    from ixastate.events import DoseVomited as DoseVomited
    from ixastate.events import IntolerableToxicityDeclared as IntolerableToxicityDeclared
    from ixastate.events import Neuropathy as Neuropathy
    from ixastate.events import NeuropathyGraded as NeuropathyGraded
    from ixastate.events import NeutrophilsMeasured as NeutrophilsMeasured
    from ixastate.events import OtherToxicityGraded as OtherToxicityGraded
    from ixastate.events import PatientDied as PatientDied
    from ixastate.events import PlateletsMeasured as PlateletsMeasured
    from ixastate.events import ProgressionFound as ProgressionFound
    from ixastate.events import RashGraded as RashGraded
    from ixastate.events import parse_event as parse_event
    from ixastate.measurements import Bilirubin as Bilirubin
    from ixastate.measurements import CellCount as CellCount
    from ixastate.measurements import CreatinineClearance as CreatinineClearance
    from ixastate.orders import Order as Order
    from ixastate.proofs.api import check as check
    from ixastate.proofs.api import compare as compare
    from ixastate.proofs.check import Breach as Breach
    from ixastate.proofs.check import Property as Property
    from ixastate.proofs.check import prove as prove
    from ixastate.rules import Edition as Edition
    from ixastate.rules import load_edition as load_edition
    from ixastate.table.table import Table as Table

# Where each public name lives.
_HOMES = {
    # the kinds of event, and the parts of which some are made
    "CourseStarted": "events",
    "NeutrophilsMeasured": "events",
    "PlateletsMeasured": "events",
    "BilirubinMeasured": "events",
    "CreatinineClearanceMeasured": "events",
    "NeuropathyGraded": "events",
    "RashGraded": "events",
    "OtherToxicityGraded": "events",
    "CycleAssessed": "events",
    "ProgressionFound": "events",
    "IntolerableToxicityDeclared": "events",
    "PatientDied": "events",
    "ConsentWithdrawn": "events",
    "DoseTaken": "events",
    "DoseMissed": "events",
    "DoseDelayed": "events",
    "DoseVomited": "events",
    "DoseOverdosed": "events",
    "DoseTakenWrongly": "events",
    "Bilirubin": "measurements",
    "CreatinineClearance": "measurements",
    "Neuropathy": "events",
    "CellCount": "measurements",
    "parse_event": "events",
    # lines that correct or withdraw an event
    "EventCorrected": "amendments",
    "EventWithdrawn": "amendments",
    "parse_line": "amendments",
    # the rules and the machine
    "Edition": "rules",
    "load_edition": "rules",
    "build_chart": "chart.chart",
    "Status": "chart.status",
    "Step": "chart.builder",
    "Order": "orders",
    "Table": "table.table",
    # one patient's course
    "Course": "course.course",
    "Record": "course.record",
    "Snapshot": "course.record",
    "doses_due": "course.schedule",
    "read_log": "course.log",
    "write_log": "course.log",
    "replay_log": "course.replay",
    # what holds of a machine, and a cohort on it
    "check": "proofs.api",
    "compare": "proofs.api",
    "prove": "proofs.check",
    "Property": "proofs.check",
    "Breach": "proofs.check",
    "simulate": "cohort.run.simulation",
    # the errors
    "IxastateError": "errors",
    "InputError": "errors",
    "CourseRefusal": "errors",
    "RulesError": "errors",
    "ChartError": "errors",
    "MissingExtra": "errors",
    "OutputError": "errors",
    "ConflictError": "errors",
}
# The names that these had in version 0.1; they stay for one version.
_OLD = {
    "load": ("rules", "load_edition"),
    "build": ("chart.chart", "build_chart"),
    "due": ("course.schedule", "doses_due"),
    "EVENT": ("events", "parse_event"),
}
__all__ = list(_HOMES)

# What later rooms offer to earlier ones.
provide("kept table", "ixastate.table.kept", "kept")
provide("picture of a course", "ixastate.diagrams.show", "course_picture")
provide("picture of a drawing", "ixastate.diagrams.show", "Picture")
provide("picture of a graph", "ixastate.diagrams.show", "graph_picture")
provide("picture of a table", "ixastate.diagrams.show", "table_picture")
install()


def _public(name: str) -> Any:
    if name in _OLD:
        home, new = _OLD[name]
        warnings.warn(f"ixastate.{name} is now ixastate.{new}", DeprecationWarning, stacklevel=2)
        # EVENT is a type adapter of pydantic, and stays one.
        return getattr(import_module(f"ixastate.{home}"), name if name == "EVENT" else new)
    if name == "simulate":
        return _simulate()
    if name not in _HOMES:
        raise AttributeError(f"module 'ixastate' has no attribute {name!r}")
    return getattr(import_module(f"ixastate.{_HOMES[name]}"), name)


def _simulate() -> Any:
    """`simulate`, or where the libraries of the extra are missing a function that says so when it is called."""
    from ixastate.errors import MissingExtra

    try:
        return import_module("ixastate.cohort").simulate
    except MissingExtra as missing:
        error = missing

    def simulate(*arguments: Any, **named: Any) -> Any:
        """A cohort of simulated courses; the libraries that it needs are not installed."""
        raise error

    return simulate


def __dir__() -> list[str]:
    return sorted([*_HOMES, "__version__"])


if not TYPE_CHECKING:  # a type checker would take every name for a public one
    __getattr__ = _public
