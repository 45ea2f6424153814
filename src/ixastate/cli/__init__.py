"""The `ixastate` command: arguments in, text and exit codes out, one file per command.

It may know every room, and no room knows it. It decides nothing about treatment: it reads arguments, refuses wrong ones
before long work begins, calls the package and prints. What a command needs is imported when it runs, so that
`--version` and `--help` are quick. `common.py` holds exit codes, kinds of numbers and shared options; `pages.py` writes
help pages; `terminal.py` knows width, colour and progress; `main.py` puts the commands together.
"""
