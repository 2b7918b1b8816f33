"""Stage marked: the office's own file again, with what does not add up shown in the cells where it stands."""

from pipeline.marked.stage import MarkingResult, marked_path, write_marked

__all__ = ["MarkingResult", "marked_path", "write_marked"]
