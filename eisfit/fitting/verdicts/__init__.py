"""From a finished fit to what can be believed of it: its grade, its flags, the verdict of every parameter.

In: a `FitResult` with errors and covariance. Out: the same with its verdicts.
"""
