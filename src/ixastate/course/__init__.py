"""One patient's treatment course, from an event to its record.

`course` takes in events, `alphabet` says what an event means to the machine, `turn` what that does, `live` steps on the
statechart itself (on request, and as the oracle), and `memory` is what is remembered between two events.
`administration`, `slots` and `schedule` answer for doses and dates, `facts` and `correction` for what comes late,
`saved` for whether a snapshot can have been. `record` holds what is written down, and `log`, `log_text`, `replay` and
`timeline` read, write and print it. This room may know the chart and the table. It may know no proof, picture, foreign
file format or cohort.
"""

from typing import TYPE_CHECKING

if not TYPE_CHECKING:  # a type checker would take every name for one of these
    from ixastate._old_names import old_names

    __getattr__ = old_names(__name__)
