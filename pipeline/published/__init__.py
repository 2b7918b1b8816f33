"""Publishing: the built warehouse becomes the live one in a single rename; readers never wait."""

from pipeline.published.releases import Release, live_release, publish, rollback

__all__ = ["Release", "live_release", "publish", "rollback"]
