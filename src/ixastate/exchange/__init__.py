"""Other people's formats, in and out: SDTM data sets in, calendars, SCXML and XState out.

Each module or folder here knows one foreign format and is called by its name. An export is made from a `Graph` or from
the doses of a course alone, loses nothing of it, and is the same bytes in every process; it counts when a foreign
engine or reader takes it, so the tests drive the engines through every transition and compare them with the table. An
import answers with events, or with the reason why a row holds none.

What this room may not know: the inside of a course, the proofs, cohorts, and the command line. It decides no rule; a
threshold has no place here. Room is left for `fhir` (patient records in and out) and `cql` (the rules as a clinical
query language).
"""

# The formats in which the chart can be written; `export.export` writes them.
FORMATS = ("scxml", "xstate", "xstate-setup")
