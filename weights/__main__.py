"""The former address of `poselift weights`."""

import sys

from poselift.demo.cli import main

raise SystemExit(main(["weights", *sys.argv[1:]]))
