"""Test reports of a system under test: text, JUnit XML, and a page.

They show what a `Summary` holds. This room may not run a course, compare an answer or decide which rule is broken.
"""
