"""What the pages alone need: one folder a page, and what pages share. The stages never import this."""
