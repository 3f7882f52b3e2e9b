"""The command-line door: parses, calls the pipeline, shows progress. No logic lives here."""
