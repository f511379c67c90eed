"""What page 03_encoder_stack needs beside the stage itself: figures, widgets, exercises."""
