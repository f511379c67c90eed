"""What page 02_embedding_layers needs beside the stage itself: figures, widgets, exercises."""
