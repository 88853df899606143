"""The four lifting networks."""
