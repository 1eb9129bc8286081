"""Circuits in the words of other programs: strings read and written, netlists, drawings."""
