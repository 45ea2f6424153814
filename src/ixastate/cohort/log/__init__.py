"""The event log of a cohort: rows, their code, the ledger of doses, and the files. It knows no model."""
