"""Statistical periods, and the working days by which a return is due."""
