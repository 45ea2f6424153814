"""Test suites: which courses to run, with their right answers, and the files that keep them.

Courses are selected by coverage criteria (state, transition and transition-pair coverage), by boundary-value analysis,
or at random. The answers are those of the live machine. This room may not know any system under test, how it is
reached, or what it answers.
"""
