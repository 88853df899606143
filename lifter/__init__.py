"""Turn 2D joint sequences into 3D: lifters, windows, streams, metrics, training."""
