"""What a run says: summaries, comparisons, figures, and the validation against trials. It draws no chance."""
