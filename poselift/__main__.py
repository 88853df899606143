"""`python -m poselift` is the command `poselift`."""

from poselift.demo.vis import main

raise SystemExit(main())
