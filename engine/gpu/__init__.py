"""What only a machine with a GPU can show; `make gpu-test` runs it, `--device cpu` proves it."""
