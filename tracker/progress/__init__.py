"""Progress over time: curve, forecast, judgement, watches. Pure: dates come in as arguments."""
