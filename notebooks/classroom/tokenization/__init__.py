"""What page 01_tokenization needs beside the stage itself: figures, widgets, exercises."""
