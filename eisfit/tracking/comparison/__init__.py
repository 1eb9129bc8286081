"""Cells compared: whether their parameters grow at different rates, replicates told from treatments.

In: `SeriesResult` of several cells. Out: `CellComparison`, `GrowthComparison`.
"""
