"""What the engine costs beside other implementations, and beside the disk's own speed."""
