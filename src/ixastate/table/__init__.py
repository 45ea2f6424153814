"""The reading arm: the chart read once as plain data, every reachable configuration, and the table of all moves.
It may know the chart, and no course.
"""
