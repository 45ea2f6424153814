"""Proofs about the chart of a dose: what must hold of it, in every configuration and after every course of reports.

`known` is a second, plain account of a dose, `properties` hold the chart against it and the text, and `mutants` are
faults put into the chart, each of which a property must find.
"""
