"""From a file in the outbox to a job: with real files, threads and processes."""
