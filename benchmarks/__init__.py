"""`make bench`: faxd beside a plain zeep client, on this machine, in one run.

Figures to look at, not tests. What is compared, and how, is in `report.EXPLANATION`.
"""
