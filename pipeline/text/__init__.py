"""Text as people write it: Vietnamese spelling, days, amounts, addresses of cells, encodings, markup."""
