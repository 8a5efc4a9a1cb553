"""faxd under a real systemd."""
