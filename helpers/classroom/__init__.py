"""What the notebooks alone need: figure style and plots. Importing the stages never imports this."""
