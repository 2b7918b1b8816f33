"""The Dagster UI behind our guard: ``python -m pipeline.dagster_ui.control_room WORKSPACE PORT``, on loopback.

It is Dagster's own application, the one that ``dagster-webserver`` starts, behind our guard.
"""

import sys
from pathlib import Path

import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__

from pipeline.child_process import end_with_parent
from pipeline.dagster_ui.request_guard import guard

HOST = "127.0.0.1"
#: Pages that are open hold web sockets; they are not waited for.
PATIENCE_SECONDS = 1
POLL_MILLISECONDS = 2000


def main(workspace: str, port: str) -> None:
    """Serve until the process that started this one ends."""
    end_with_parent()
    target = WorkspaceFileTarget([str(Path(workspace))])
    with (
        DagsterInstance.get() as instance,
        WorkspaceProcessContext(instance, version=__version__, workspace_load_target=target) as context,
    ):
        instance.optimize_for_webserver(statement_timeout=15000, pool_recycle=3600, max_overflow=20)
        app = create_app_from_workspace_process_context(context, live_data_poll_rate=POLL_MILLISECONDS)
        uvicorn.run(
            guard(app),
            host=HOST,
            port=int(port),
            log_level="warning",
            timeout_graceful_shutdown=PATIENCE_SECONDS,
            proxy_headers=False,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
