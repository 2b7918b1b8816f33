"""What a night costs: measured as a whole process, beside the least it could cost and what others would write."""
