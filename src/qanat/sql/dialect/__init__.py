"""DuneSQL's constructs in the words of an engine, a package per engine."""
