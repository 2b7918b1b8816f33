"""Stage marked: the office's own file again, with what does not add up shown in the cells where it stands."""

from pipeline.marked.stage import Marked, marked_path, write_marked

__all__ = ["Marked", "marked_path", "write_marked"]
