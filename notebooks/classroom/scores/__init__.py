"""What page 07_scores needs: what it measures, its figures, its panel, its exercises, its words."""
