"""The quantile function of the normal distribution: one random number makes one normal variate (inversion).

Algorithm AS 241, PPND16, of Wichura, "The percentage points of the normal distribution", Appl Stat 1988;37:477-484,
doi 10.2307/2347330: rational functions of degree 7 in three regions, good to about one part in 10**16. The function is
plain Python that a kernel compiles; it equals `statistics.NormalDist().inv_cdf` bit for bit. This module knows nothing
of the rest of the package.
"""

from __future__ import annotations

import math

# Numerators a, c, e and denominators b, d, f of the three regions, constant term first.
A = (
    3.3871328727963666080e0,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
)
B = (
    1.0,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
)
C = (
    1.42343711074968357734e0,
    4.63033784615654529590e0,
    5.76949722146069140550e0,
    3.64784832476320460504e0,
    1.27045825245236838258e0,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
)
D = (
    1.0,
    2.05319162663775882187e0,
    1.67638483018380384940e0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
)
E = (
    6.65790464350110377720e0,
    5.46378491116411436990e0,
    1.78482653991729133580e0,
    2.96560571828504891230e-1,
    2.65321895265761230930e-2,
    1.24266094738807843860e-3,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
)
F = (
    1.0,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
    1.84631831751005468180e-5,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
)


def quantile(p: float) -> float:
    """The z for which a standard normal variate lies below z with probability p, 0 < p < 1."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top, bottom = A[7], B[7]
        for i in range(6, -1, -1):
            top, bottom = top * r + A[i], bottom * r + B[i]
        return q * top / bottom
    r = math.sqrt(-math.log(p if q < 0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        top, bottom = C[7], D[7]
        for i in range(6, -1, -1):
            top, bottom = top * r + C[i], bottom * r + D[i]
    else:
        r -= 5.0
        top, bottom = E[7], F[7]
        for i in range(6, -1, -1):
            top, bottom = top * r + E[i], bottom * r + F[i]
    return top / bottom if q >= 0 else -top / bottom
