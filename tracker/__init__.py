"""SMP fade tracker: how much scalp micropigmentation is gone, from ordinary photos."""

__version__ = "0.1.0"
METHOD_VERSION = "22"
"""Changes whenever the same photos could give other numbers; stored with every result."""
