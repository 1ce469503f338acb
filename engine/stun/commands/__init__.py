"""What the engine can be asked to do, one file a command."""
