"""The bulletin: a static site of the published warehouse, rebuilt each night and swapped in by one rename."""

from pipeline.bulletin.site import Bulletin, make_bulletin

__all__ = ["Bulletin", "make_bulletin"]
