"""One file a system, named after it, with its presets; beside them what several systems share."""
