"""ixastate: an explicit state machine of a cancer treatment course.

The public names, in the order of the flow: event → symbol → configuration and orders → record → log. They are
imported when they are first used, so that the command line starts quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ixastate.chart import build as build
    from ixastate.course import Course as Course
    from ixastate.course import Record as Record
    from ixastate.course import Snapshot as Snapshot
    from ixastate.errors import ChartError as ChartError
    from ixastate.errors import CourseRefusal as CourseRefusal
    from ixastate.errors import InputError as InputError
    from ixastate.errors import IxastateError as IxastateError
    from ixastate.errors import RulesError as RulesError
    from ixastate.events import EVENT as EVENT
    from ixastate.log import read_log as read_log
    from ixastate.log import write_log as write_log
    from ixastate.orders import Order as Order
    from ixastate.replay import replay_log as replay_log
    from ixastate.rules import load as load
    from ixastate.schedule import due as due
    from ixastate.status import Status as Status

_HOMES = {
    "load": "rules",
    "EVENT": "events",
    "Order": "orders",
    "build": "chart",
    "Status": "status",
    "due": "schedule",
    "Course": "course",
    "Record": "course",
    "Snapshot": "course",
    "read_log": "log",
    "write_log": "log",
    "replay_log": "replay",
    "IxastateError": "errors",
    "InputError": "errors",
    "CourseRefusal": "errors",
    "RulesError": "errors",
    "ChartError": "errors",
}
__all__ = list(_HOMES)
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ixastate' has no attribute {name!r}")
    return getattr(import_module(f"ixastate.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*_HOMES, "__version__"])
