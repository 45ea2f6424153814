"""What is proved of a machine, and how. It may know the table and the course, and no picture, cohort or command."""
