"""Answers from a finished run: summary statistics, paired comparisons, figures; and validation against trials.

They may not know how a run is computed or stored beyond `Run` and its frames. They draw no random numbers, but for
`validate`, which simulates cohorts of its own.
"""
