"""How the tables came about, a file per revision; `tracker.storage.migrate` runs them."""
