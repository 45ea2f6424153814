"""Proofs by exhaustion: safety properties, the equivalence of live machine and table, editions compared, mutants.

It may know the table and the course; it may not know pictures, cohorts or commands.
"""
