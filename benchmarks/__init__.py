"""Accuracy and cost of the tracker on rendered scenes, and of its peers on the same scenes.

``python -m benchmarks.accuracy`` and ``python -m benchmarks.peers`` are the two commands.
"""
