"""What a clinic keeps: photo vault, records, results. All SQL of the program is in here."""
