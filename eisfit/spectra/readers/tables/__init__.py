"""From lines or cells to one table: how numbers are written, where the table is, what its columns are called.

In: lines of text, or rows of cells. Out: names of columns (`names`) and a block of numbers below them.
It does not know what an impedance is.
"""
