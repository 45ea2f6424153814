"""The statechart of a treatment course: its states, its transitions, and what they mean.

`chart` states the theory and puts the whole together, `toxicities` has one transition per line, `drugs` the ladders,
`editions` how the editions differ, `states` and `status` what a leaf and a configuration mean. This room may know the
rules and the alphabet. It may know no patient, date or unit.
"""

from typing import TYPE_CHECKING

if not TYPE_CHECKING:  # a type checker would take every name for one of these
    from ixastate._old_names import old_names

    __getattr__ = old_names(__name__)
