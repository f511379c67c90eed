"""Live controls of the notebooks, one module a stage: plain functions that answer, and a ``panel`` that calls them."""
