"""The formats that are read, a module each, found by being there; shared parts begin with an underscore."""
