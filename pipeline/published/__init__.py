"""Publishing: the built warehouse becomes the live one in a single rename; readers never wait."""

from pipeline.published.releases import Release, find_release, live_release, publish, rollback

__all__ = ["Release", "find_release", "live_release", "publish", "rollback"]
