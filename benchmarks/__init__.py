"""`make bench`: faxd beside a plain zeep client, on this machine, in one run.

Figures to look at, not tests. What is compared, and how, is in `report.EXPLANATION` and
`report.SENDING`. `make bench ARGS="drop large delay"` measures those parts alone.
"""
