"""What page 05_normalization needs beside the stage itself: figures, widgets, exercises."""
