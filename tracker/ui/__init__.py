"""The dashboard: pages that gather and show; measuring is `tracker.analysis`."""
