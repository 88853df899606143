"""`poselift serve`: live and clips in a browser. Needs the extra `poselift[serve]`."""
