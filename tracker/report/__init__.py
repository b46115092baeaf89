"""Tables, pictures and pages of a measured series; nothing is measured here."""
