"""Which experts of a layer stay, and what each of them becomes."""
