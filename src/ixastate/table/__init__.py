"""The state space of the chart: the chart as plain data, every reachable configuration, and the table of all moves.

`graph` reads the chart once, `compiled` steps on it for a course, `explore` walks it breadth first, `table` numbers
what is reached, `kept` keeps tables on disk, `minimal` finds the smallest equivalent machine, `witness` puts a course
of symbols into events. This room may know the chart. It may know no course.
"""

from typing import TYPE_CHECKING

if not TYPE_CHECKING:  # a type checker would take every name for one of these
    from ixastate._old_names import old_names

    __getattr__ = old_names(__name__)
