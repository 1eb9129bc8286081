"""Why a coating changed the impedance: the study, the transport model, hypotheses, predictions.

In: a study file with cells, film and electrode. Out: `Explanation`.
"""
