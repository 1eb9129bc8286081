"""How a parameter changes over the cycles: laws, rates, bands, crossings, and cells compared.

In: values with errors over cycles. Out: `Growth`, `CellComparison`.
"""
