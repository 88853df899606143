"""Training data: motion capture made into endless windows, and the field's data sets."""
