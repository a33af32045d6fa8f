"""What a pipeline is. Pure: no input or output, no clock, no threads, no library."""
