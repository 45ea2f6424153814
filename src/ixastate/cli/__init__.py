"""The `ixastate` command: arguments in, text and exit codes out. It may know every room, and no room knows it."""
