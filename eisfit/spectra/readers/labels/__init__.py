"""Whose a sweep is, and at what it was measured: cycle, temperature, potential, cell.

In: the columns and the lines of a table. Out: parts of the table, each with its labels.
"""
