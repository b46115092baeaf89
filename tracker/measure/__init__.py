"""The measuring core: arrays in, frozen results out.

No files, databases, widgets, printing, clock or hidden randomness; the same
input gives the same result, bit for bit.
"""
