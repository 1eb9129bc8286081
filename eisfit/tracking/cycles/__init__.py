"""The cycler's own table beside the spectra: capacity, retention, voltages, polarisation.

In: a table of cycles. Out: `CycleTable` and its figures of merit.
"""
