"""Toxicity models: what happens to a patient, drawn in compiled kernels. They know the machine as arrays alone."""
