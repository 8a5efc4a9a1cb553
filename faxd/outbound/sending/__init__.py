"""From a job to FAX.de, and what becomes of it there."""
