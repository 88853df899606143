"""`python -m poselift` is the command `poselift`."""

from poselift.demo.cli import main

raise SystemExit(main())
