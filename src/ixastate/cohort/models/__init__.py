"""Toxicity models: stochastic simulation of what happens to a patient, in compiled kernels.

    hazards    a Markov chain with weekly probabilities by state
    pkpd       pharmacokinetics and exposure-response models (PK/PD), in a closed loop with the machine
    reference  the same as pkpd once more, in plain Python

They know the machine as arrays, and ask the alphabet what an event means. They may not know files, runs and answers.
"""
