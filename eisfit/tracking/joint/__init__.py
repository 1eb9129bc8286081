"""All spectra of a series in one fit, with parameters shared, smooth or free.

In: spectra, a circuit and starts for each. Out: optima and covariances of all, in time linear in their
number.
"""
