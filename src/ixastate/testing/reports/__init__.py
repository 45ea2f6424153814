"""What became of a test of a system, as text, JUnit XML and a page."""
