"""The former address of `poselift lift`."""

import sys

from poselift.demo.cli import main

raise SystemExit(main(["lift", *sys.argv[1:]]))
