"""The commands of `poselift`, a file each: `add_options(parser)` and `run(options, reporter)`."""
