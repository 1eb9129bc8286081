"""Bare and coated cells explained by one physical model with one likelihood.

In: a study of schema 2. Out: `JointExplanation`, an ``eisfit.explain/2`` document.
"""
