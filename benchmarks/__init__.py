"""How fast a cohort is, and how fast that is: measured against this machine's limits and against other tools."""
