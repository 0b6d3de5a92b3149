"""How fast it all is: the same work on each design, with ratios taken within one run."""

__all__ = ["explore"]
