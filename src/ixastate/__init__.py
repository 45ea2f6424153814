"""ixastate: an explicit state machine of a cancer treatment course.

The public names, in the order of the flow: event → symbol → configuration and orders → record → log. They are
imported when they are first used, so that the command line starts quickly.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ixastate.chart.chart import build_chart as build_chart
    from ixastate.chart.status import Status as Status
    from ixastate.course.course import Course as Course
    from ixastate.course.course import Record as Record
    from ixastate.course.course import Snapshot as Snapshot
    from ixastate.course.log import read_log as read_log
    from ixastate.course.log import write_log as write_log
    from ixastate.course.replay import replay_log as replay_log
    from ixastate.course.schedule import doses_due as doses_due
    from ixastate.errors import ChartError as ChartError
    from ixastate.errors import CourseRefusal as CourseRefusal
    from ixastate.errors import InputError as InputError
    from ixastate.errors import IxastateError as IxastateError
    from ixastate.errors import RulesError as RulesError
    from ixastate.events import EVENT as EVENT
    from ixastate.orders import Order as Order
    from ixastate.rules import load_edition as load_edition

_HOMES = {
    "load_edition": "rules",
    "EVENT": "events",
    "Order": "orders",
    "build_chart": "chart.chart",
    "Status": "chart.status",
    "doses_due": "course.schedule",
    "Course": "course.course",
    "Record": "course.course",
    "Snapshot": "course.course",
    "read_log": "course.log",
    "write_log": "course.log",
    "replay_log": "course.replay",
    "IxastateError": "errors",
    "InputError": "errors",
    "CourseRefusal": "errors",
    "RulesError": "errors",
    "ChartError": "errors",
}
# The names that these had in version 0.1; they stay for one version.
_OLD = {"load": "load_edition", "build": "build_chart", "due": "doses_due"}
__all__ = list(_HOMES)
__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    if name in _OLD:
        warnings.warn(f"ixastate.{name} is now ixastate.{_OLD[name]}", DeprecationWarning, stacklevel=2)
        name = _OLD[name]
    if name not in _HOMES:
        raise AttributeError(f"module 'ixastate' has no attribute {name!r}")
    return getattr(import_module(f"ixastate.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*_HOMES, "__version__"])
