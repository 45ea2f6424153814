"""Suites: what is to be covered, the courses that cover it, and their files."""
