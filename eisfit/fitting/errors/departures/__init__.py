"""What a circuit that is only nearly true does to the errors.

In: linearised fits. Out: what is to be added to their covariance, and how probable it is that the circuit
departs from the cell.
"""
