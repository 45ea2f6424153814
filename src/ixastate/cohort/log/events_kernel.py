"""The compiled columns of the event frame: what the numbers of a row say apart, in one pass over the rows of a block.

This module knows no machine and no name: a name's place among the names of its column is looked up.
"""

from __future__ import annotations

from ixastate.cohort.compiled import kernel
from ixastate.cohort.rows import AGREES, MISCLASSIFIED, PAIN, RESOLVED


@kernel()
def lay_out(
    day,
    term,
    detail,
    symbol,
    of_day,
    of_term,
    of_detail,
    of_symbol,
    cycle,
    terms,
    attributions,
    symbols,
    pain,
    agrees,
    resolved,
    misclassified,
):
    """Fill the columns (n,) of the event frame from those of n rows.

    `of_day` uint8 is the cycle of each day; `of_term`, `of_detail` and `of_symbol` (256,) uint8 are the places of the
    names, the last one being null. `cycle`, `terms`, `attributions` and `symbols` are uint8, the others bool.
    """
    for row in range(len(day)):
        cycle[row] = of_day[day[row]]
        terms[row] = of_term[term[row]]
        attributions[row] = of_detail[detail[row]]
        symbols[row] = of_symbol[symbol[row]]
        pain[row] = detail[row] & PAIN != 0
        agrees[row] = detail[row] & AGREES != 0
        resolved[row] = detail[row] & RESOLVED != 0
        misclassified[row] = detail[row] & MISCLASSIFIED != 0
