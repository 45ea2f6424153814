"""The properties that every edition is held to: that the chart is whole, then safety.

Each is a search over the table for a breach. They are written from the dosing text and the readings, in terms of what a
person sees (levels, holds, orders), and know as little of the chart's inner states as they can.
"""

from __future__ import annotations

from ixastate.proofs.check import Property
from ixastate.proofs.properties.counts import low_count_is_repeated, next_count_decides
from ixastate.proofs.properties.doses import (
    at_most_two_reductions,
    never_below_the_floor,
    no_dose_rises,
    one_level_at_a_time,
    orders_say_what_happens,
)
from ixastate.proofs.properties.explanations import (
    no_reason_contradicts,
    order_has_a_reason,
    reduction_has_its_earner,
)
from ixastate.proofs.properties.holds import (
    agreement_is_needed,
    held_is_not_given,
    hold_has_a_reason,
    hold_has_a_way_out,
    onset_holds,
)
from ixastate.proofs.properties.stops import (
    discontinued_is_final,
    exhausted_stops,
    grade_4_stops,
    needed_step_is_made,
    only_the_stops_of_the_text,
    open_is_not_opened_again,
)
from ixastate.proofs.properties.turns import advice_is_given, alternation_alternates, each_episode_lowers
from ixastate.proofs.properties.whole import answered, everything_reachable, one_guard_open, one_state_a_region

PROPERTIES: tuple[Property, ...] = (
    one_guard_open,
    answered,
    one_state_a_region,
    everything_reachable,
    no_dose_rises,
    never_below_the_floor,
    at_most_two_reductions,
    one_level_at_a_time,
    orders_say_what_happens,
    held_is_not_given,
    hold_has_a_reason,
    hold_has_a_way_out,
    onset_holds,
    agreement_is_needed,
    low_count_is_repeated,
    next_count_decides,
    grade_4_stops,
    discontinued_is_final,
    exhausted_stops,
    needed_step_is_made,
    open_is_not_opened_again,
    only_the_stops_of_the_text,
    alternation_alternates,
    each_episode_lowers,
    advice_is_given,
    order_has_a_reason,
    no_reason_contradicts,
    reduction_has_its_earner,
)
