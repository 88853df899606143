"""Where people stand: turned upright, on a floor, along their paths through one room."""
