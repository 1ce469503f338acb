"""`make bench-quality`: what each way of pruning costs at the same overall sparsity."""
