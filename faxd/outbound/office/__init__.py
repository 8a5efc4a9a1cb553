"""What office people see: slips, reports, and where their documents end up."""
