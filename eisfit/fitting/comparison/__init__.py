"""Which of several circuits the data supports.

In: a `Spectrum` and circuits. Out: `Comparison`, a ranked table.
"""
