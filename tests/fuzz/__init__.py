"""Fuzzing of every door through which data come in from outside.

A door makes an input from a seed and a number (the same seed gives the same inputs) and takes it in. What must hold of
each stands in `run.py`, what is broken how in `mutate.py`, and the doors in the other modules. `test_fuzz_doors.py`
tries some inputs of each door; many more, or the one that failed, are tried by hand:

    python -m tests.fuzz --inputs 1000000 --seed 7
    python -m tests.fuzz log --seed 7 --only 4711
"""
