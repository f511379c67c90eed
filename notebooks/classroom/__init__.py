"""What the pages alone need: one folder a page, and what pages share. The stages never import this."""

import gc

gc.set_threshold(50_000)  # Python looks through the libraries' million objects less often: a second a page
