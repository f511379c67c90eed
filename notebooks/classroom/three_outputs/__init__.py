"""What page 08_three_outputs needs beside the outputs themselves: figures, widgets, exercises, measurements."""
