"""From named columns to sweeps: the complex impedance in ohm, where one sweep ends, which points count.

In: the columns of one table (`tables`). Out: `Sweep`, with notes on all that was assumed or left out.
"""
