"""Spectra as files: a module for each form that `eisfit convert` writes, beside JSON."""
