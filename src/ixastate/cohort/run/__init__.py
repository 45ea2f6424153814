"""A run of a cohort: what decides its bytes, its directory, and what computes it."""
