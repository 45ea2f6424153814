"""The compiled stepping of the `hazards` model: one random word and one look-up a patient and week.

Walker's alias method, packed: each (state, bin) has one 64-bit word with a threshold (at the top, so that the rest of
the random word is compared with it as it stands), the next state of the bin's own symbol, the next state of its alias,
and the alias symbol. A bin's own symbol is its number. Many patients go side by side, so that the look-ups do not wait
for one another.
"""

from __future__ import annotations

import numpy as np

from ixastate.cohort.compiled import kernel
from ixastate.cohort.models.philox import draw, unit

BIN_BITS = 5
BINS = 1 << BIN_BITS
# A symbol is numbered by a bin, so both take as many bits. The threshold is compared with what is left of a random
# word after the bin.
FINEST = 32 - BIN_BITS
WORD = 64
LANES = 64
WORDS = 4


@kernel()
def pack(probabilities, following, none, state_bits):
    """The packed words, uint64 (states * BINS,), for `probabilities` (states, BINS) and `following` (states, BINS).

    Column `none` is the week without a symbol. Each row sums to 1.
    """
    states = probabilities.shape[0]
    threshold_bits = min(FINEST, WORD - BIN_BITS - 2 * state_bits)
    packed = np.empty(states * BINS, np.uint64)
    scale = 2.0**threshold_bits
    small = np.empty(BINS, np.int64)
    large = np.empty(BINS, np.int64)
    share = np.empty(BINS, np.float64)
    alias = np.empty(BINS, np.int64)
    for state in range(states):
        n_small = n_large = 0
        for own in range(BINS):
            share[own] = probabilities[state, own] * BINS
            alias[own] = none
            if share[own] < 1.0:
                small[n_small] = own
                n_small += 1
            else:
                large[n_large] = own
                n_large += 1
        while n_small and n_large:
            n_small -= 1
            poor, rich = small[n_small], large[n_large - 1]
            alias[poor] = rich
            share[rich] -= 1.0 - share[poor]
            if share[rich] < 1.0:
                n_large -= 1
                small[n_small] = rich
                n_small += 1
        # What is left over differs from 1 by rounding alone.
        for left in range(n_large):
            share[large[left]] = 1.0
        for left in range(n_small):
            share[small[left]] = 1.0
        for own in range(BINS):
            other = alias[own]
            # A share of 1 needs no alias; pointing it at itself leaves nothing to a last step of the threshold.
            if share[own] >= 1.0:
                other = own
            threshold = np.uint64(min(share[own] * scale, scale - 1.0))
            word = np.uint64(following[state, own]) << np.uint64(BIN_BITS + state_bits)
            word |= np.uint64(following[state, other]) << np.uint64(BIN_BITS)
            packed[state * BINS + own] = threshold << np.uint64(WORD - threshold_bits) | word | np.uint64(other)
    return packed


@kernel()
def step_block(packed, state_bits, start_states, start_shares, seed, first, count, weeks, symbols, starts, final):
    """Step `count` patients from number `first` on through their weeks.

    `start_shares` are cumulated. Writes `starts` (count,) uint8, the number of the start; `final` (count,) uint32, the
    state at the end; and, unless it has no rows, `symbols` (count, weeks) uint8, the symbol of each week.
    """
    # A state is kept as the place of its first bin, so that a bin is found by an `or`.
    state = np.empty(LANES, np.uint64)
    words = np.empty((WORDS, LANES), np.uint64)
    keep = symbols.shape[0] > 0
    mask = np.uint64(((1 << state_bits) - 1) << BIN_BITS)
    to_own, to_alias = np.uint64(state_bits), np.uint64(0)
    to_bin, to_top = np.uint64(FINEST), np.uint64(WORD - FINEST)
    bin_bits, symbol_mask = np.uint64(BIN_BITS), np.uint64(BINS - 1)
    key = np.uint64(seed)
    for base in range(0, count, LANES):
        lanes = min(LANES, count - base)
        for lane in range(lanes):
            word, _, _, _ = draw(key, np.uint64(first + base + lane), np.uint64(0), np.uint64(0))
            luck = unit(word)
            start = 0
            while luck >= start_shares[start]:
                start += 1
            starts[base + lane] = start
            state[lane] = start_states[start] << bin_bits
        for week in range(0, weeks, WORDS):
            for lane in range(lanes):
                w0, w1, w2, w3 = draw(key, np.uint64(first + base + lane), np.uint64(week), np.uint64(1))
                words[0, lane] = w0
                words[1, lane] = w1
                words[2, lane] = w2
                words[3, lane] = w3
            for part in range(min(WORDS, weeks - week)):
                if keep:
                    for lane in range(lanes):
                        word = words[part, lane]
                        entry = packed[state[lane] | word >> to_bin]
                        own = word << to_top < entry
                        state[lane] = entry >> (to_own if own else to_alias) & mask
                        symbols[base + lane, week + part] = word >> to_bin if own else entry & symbol_mask
                else:
                    for lane in range(lanes):
                        word = words[part, lane]
                        entry = packed[state[lane] | word >> to_bin]
                        state[lane] = entry >> (to_own if word << to_top < entry else to_alias) & mask
        for lane in range(lanes):
            final[base + lane] = state[lane] >> bin_bits


@kernel()
def write_rows(
    symbols,
    starts,
    start_symbols,
    none,
    first,
    following,
    output,
    as_kind,
    as_value,
    as_second,
    as_term,
    as_detail,
    patient,
    number,
    day,
    kind,
    value,
    second,
    term,
    detail,
    symbol,
    configuration,
    said,
):
    """The rows of a block from the symbols of its weeks; the `as_...` (S,) are the event that means each symbol.

    The last eleven arguments are the columns to write, long enough. Returns the number of rows.
    """
    row = 0
    count, weeks = symbols.shape
    for one in range(count):
        now = np.uint32(0)
        written = 0
        for week in range(-1, weeks):
            seen = start_symbols[starts[one]] if week < 0 else symbols[one, week]
            if seen == none:
                continue
            written += 1
            patient[row] = first + one
            number[row] = written
            day[row] = 1 if week < 0 else 7 * (week + 1) + 1
            kind[row] = as_kind[seen]
            value[row] = as_value[seen]
            second[row] = as_second[seen]
            term[row] = as_term[seen]
            detail[row] = as_detail[seen]
            symbol[row] = seen
            said[row] = output[now, seen]
            now = following[now, seen]
            configuration[row] = now
            row += 1
    return row
