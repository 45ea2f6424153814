"""The chart in a format by its name, as text."""

from __future__ import annotations

from ixastate.chart.chart import build_chart
from ixastate.errors import InputError
from ixastate.exchange import FORMATS, scxml, xstate
from ixastate.rules import DEFAULT_EDITION
from ixastate.table.graph import read


def export(name: str, edition: str = DEFAULT_EDITION) -> str:
    """The chart of an edition in one of `FORMATS`; `InputError` for another format, `RulesError` for no edition."""
    match name:
        case "scxml":
            return scxml.write(read(build_chart(edition)))
        case "xstate":
            return xstate.write(read(build_chart(edition)))
        case "xstate-setup":
            return xstate.setup_module()
    raise InputError(f"there is no format {name!r}", where="export", remedy=f"one of: {', '.join(FORMATS)}")
