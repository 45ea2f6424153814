"""A cohort of simulated courses: one to millions of patients, each a real course of events."""
