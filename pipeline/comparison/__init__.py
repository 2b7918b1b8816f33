"""The judging database, which holds submissions side by side, and the cells of each comparison."""
