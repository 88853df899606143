"""The application: command line, pipeline, media in and out, drawing, export, live."""
