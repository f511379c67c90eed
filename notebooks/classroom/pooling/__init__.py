"""What page 04_pooling needs beside the stage itself: figures, widgets, exercises."""
