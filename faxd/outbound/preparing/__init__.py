"""Documents are made ready before they are sent: codes covered, made PDF, put on a letterhead."""
