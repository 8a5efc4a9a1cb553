"""Figures for Prometheus: on a port of this machine, and, or, in a file for node_exporter."""

from faxd.metrics.metrics import Metrics

__all__ = ["Metrics"]
