"""One patient's treatment course, from an event to its record.

`course` takes in events, `alphabet` says what an event means to the machine, `live` steps on the statechart itself (on
request, and as the oracle), `administration`, `slots` and `schedule` answer for doses and dates, `facts` and
`correction` for what comes late, `record` holds what is written down, and `log`, `replay` and `timeline` read and print
it. This room may know the chart and the table. It may know no proof, picture, foreign file format or cohort.
"""

from typing import TYPE_CHECKING

if not TYPE_CHECKING:  # a type checker would take every name for one of these
    from ixastate._old_names import old_names

    __getattr__ = old_names(__name__)
