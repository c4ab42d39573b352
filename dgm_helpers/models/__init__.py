"""One file per system, named after it, with its presets; and the parts that several systems share."""
