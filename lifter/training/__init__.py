"""How lifters are trained: losses, optimizers, the loop and what it leaves behind."""
