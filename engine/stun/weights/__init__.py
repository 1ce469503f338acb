"""Which single weights of the experts and of attention become zero."""
