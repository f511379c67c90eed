"""Page 06: its figures, its panel, its exercises, and what it measures."""
