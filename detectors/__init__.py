"""Find people in pictures, follow them, and read their joints in 2D."""
