"""What the data says without a circuit: Kramers-Kronig, Z-HIT, distribution of relaxation times.

In: a `Spectrum`. Out: `KramersKronigResult` with the noise, `ZHitResult`, `DRTResult` with its peaks.
"""
