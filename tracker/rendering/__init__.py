"""How a scalp looks: the parts `tracker.synthetic` builds its scenes from."""
