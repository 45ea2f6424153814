"""The living arm: one patient's course, from an event to its record. It may know the chart and the table, and no proof,
picture, file format of others or cohort.
"""
