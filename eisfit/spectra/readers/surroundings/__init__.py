"""What stands around a table: its ends, remarks, further tables, and what is told or refused because of them.

In: a table and the lines around it. Out: sweeps with their notes, or one sentence of refusal.
"""
