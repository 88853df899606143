"""Pictures: people over their frame, people in the room, and both composed into one."""
