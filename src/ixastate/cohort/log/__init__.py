"""The event log of a cohort: rows as clinical events, the ledger of doses, and the Parquet files.

It knows the machine as arrays. It may not know which model wrote the rows, and no run.
"""
