"""Suites: what is to be covered, the courses that cover it, and their files."""

from typing import TYPE_CHECKING

if not TYPE_CHECKING:  # a type checker would take every name for one of these
    from ixastate._old_names import old_names

    __getattr__ = old_names(__name__)
