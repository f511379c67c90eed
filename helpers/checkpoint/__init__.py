"""Which weights, and are they right: find, load, check, download and verify a checkpoint."""
