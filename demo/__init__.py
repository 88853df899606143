"""The application: the command line and the live window."""
