"""The judging database, in which submissions lie side by side, and the cells of each comparison."""
