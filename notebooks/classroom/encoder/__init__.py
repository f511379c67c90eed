"""What page 03_encoder_stack needs beside the stage itself: figures, measurements, panel, exercises, words."""
