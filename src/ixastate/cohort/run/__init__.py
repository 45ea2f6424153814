"""A run of a cohort: its plan, its directory, the engines that compute it, and its replay as live courses.

It may not know what is asked of a finished run: no statistics and no pictures.
"""

from typing import TYPE_CHECKING

if not TYPE_CHECKING:  # a type checker would take every name for one of these
    from ixastate._old_names import old_names

    __getattr__ = old_names(__name__)
