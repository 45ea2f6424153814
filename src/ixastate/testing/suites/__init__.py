"""Test suites: which courses to run, with their right answers, and the files that keep them.

Courses are selected by coverage criteria (state, transition and transition-pair coverage), by boundary-value analysis,
or at random. The answers are those of the live machine. This room may not know any system under test, how it is
reached, or what it answers.
"""

from typing import TYPE_CHECKING

if not TYPE_CHECKING:  # a type checker would take every name for one of these
    from ixastate._old_names import old_names

    __getattr__ = old_names(__name__)
