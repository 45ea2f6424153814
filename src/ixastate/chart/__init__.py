"""The machine: its states, its transitions, and what they mean. It knows no patient, no date and no unit."""
