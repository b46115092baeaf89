"""Many clients: what to measure (pure), and the measuring of it."""
