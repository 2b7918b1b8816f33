"""Landing: every file that arrives is kept for ever by its content, and leaves a receipt."""
