"""Pharmacokinetics and platelets of the reference implementation: ixazomib in the body, and both drugs' effects.

The theory is in `pkpd`; the equations are those of its kernel, in the same order of adding and multiplying.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from ixastate.cohort.models.pkpd_numbers import Numbers


class Mode(NamedTuple):
    """One exponential of the concentration: its rate (/h), and its size just after the lag (ng/mL per mg)."""

    rate: float
    size: float


def modes(n: Numbers, clearance: float, bioavailability: float, volume_4: float) -> list[Mode]:
    """The four exponentials of a patient."""
    k10, k12, k13 = clearance / n.central, n.flow_3 / n.central, n.flow_4 / n.central
    k21, k31 = n.flow_3 / n.volume_3, n.flow_4 / volume_4
    a2 = k10 + k12 + k13 + k21 + k31
    a1 = k10 * k21 + k10 * k31 + k21 * k31 + k12 * k31 + k13 * k21
    a0 = k10 * k21 * k31
    mean = a2 / 3
    p = mean * mean - a1 / 3
    q = (2 * mean * mean * mean - a1 * mean + a0) / 2
    angle = math.acos(min(1.0, max(-1.0, q / (p * math.sqrt(p))))) / 3
    fast = mean + 2 * math.sqrt(p) * math.cos(angle)
    middle = mean + 2 * math.sqrt(p) * math.cos(angle - 2 * math.pi / 3)
    rates = [fast, middle, a0 / (fast * middle)]
    rates = [n.absorption * (1 + 1e-7) if abs(r - n.absorption) < 1e-7 * n.absorption else r for r in rates]
    rates.append(n.absorption)
    scale = 1000 * n.absorption * bioavailability / n.central
    found = []
    for mode, rate in enumerate(rates):
        bottom = 1.0
        for other in range(4):
            if other != mode:
                bottom *= rates[other] - rate
        found.append(Mode(rate, scale * (k21 - rate) * (k31 - rate) / bottom))
    return found


@dataclass
class Body:
    """What is in a patient now: ixazomib by mode (ng/mL), its AUC, what platelets feel of it, lenalidomide (mg)."""

    n: Numbers
    modes: list[Mode]
    amounts: list[float] = field(default_factory=lambda: [0.0] * 4)
    auc: float = 0.0
    felt: float = 0.0
    lenalidomide: float = 0.0
    pool: float = 0.0
    transit_1: float = 0.0
    transit_2: float = 0.0
    circulating: float = 1.0

    def __post_init__(self) -> None:
        self.pool = self.transit_1 = self.transit_2 = self.n.production / self.n.maturation

    def day(self, dose: float, lenalidomide: float) -> None:
        """One day that begins with these doses in mg."""
        self.lenalidomide += lenalidomide
        if dose > 0:
            self.step(0, dose)
            self.step(0, 0.0)
            self.step(1, 0.0)
        else:
            self.step(2, 0.0)

    def step(self, size: int, dose: float) -> None:
        """One step of integration, which may begin with a dose in mg."""
        n = self.n
        hours = n.step_hours[size]
        # One after the other: the built-in sum adds more exactly than a kernel does.
        concentration = start = end = 0.0
        for place, mode in enumerate(self.modes):
            start += self.amounts[place]
            decay = math.exp(-mode.rate * hours)
            concentration += self.amounts[place] * ((1 - decay) / (mode.rate * hours))
            self.amounts[place] *= decay
        if dose > 0:
            for place, mode in enumerate(self.modes):
                left = math.exp(-mode.rate * (hours - n.lag))
                concentration += dose * (mode.size * (1 - left) / (mode.rate * hours))
                self.amounts[place] += dose * (mode.size * left)
        for amount in self.amounts:
            end += amount
        auc = concentration * hours
        held = self.lenalidomide
        acting = self.lenalidomide * n.lenalidomide_mean[size]
        self.lenalidomide *= n.lenalidomide_decay[size]
        fixed = n.maturation + n.ixazomib_loss * n.cumulative * (self.felt + 0.5 * auc)
        self.auc += auc
        self.felt = self.felt * n.cumulative_decay[size] + auc

        rate = fixed + n.ixazomib_loss * concentration + n.lenalidomide_loss * acting
        rest = n.production / rate
        after = rest + (self.pool - rest) * math.exp(-rate * hours) + n.lenalidomide_early[size] * held
        pool = (
            self.pool,
            hours * (n.production - (fixed + n.ixazomib_loss * start + n.lenalidomide_loss * held) * self.pool),
            after,
            hours * (n.production - (fixed + n.ixazomib_loss * end + n.lenalidomide_loss * self.lenalidomide) * after),
        )
        # A compartment depends on those before it in the chain, on itself and on the pool.
        old = (self.transit_1, self.transit_2, self.circulating)
        new = []
        for weights in n.chain[size]:
            new.append(0.0)
            for weight, value in zip((*weights[: len(new)], *weights[3:]), (*old[: len(new)], *pool), strict=True):
                new[-1] += weight * value
        self.transit_1, self.transit_2, self.circulating = new
        self.pool = after
