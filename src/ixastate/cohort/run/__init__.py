"""A run of a cohort: its plan, its directory, the engines that compute it, and its replay as live courses.

It may not know what is asked of a finished run: no statistics and no pictures.
"""
