"""The chart for other people's tools: each module writes a whole Graph in one foreign format, as text.

An export is made from a Graph alone, says everything that the Graph says, and is the same bytes in every process. It
counts when a foreign engine runs it: the tests drive each one through every transition and compare it with the table.
"""
