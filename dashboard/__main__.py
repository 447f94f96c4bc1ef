"""`python -m dashboard`: the web process. Streamlit's settings stand here, so that an installed wheel has them too."""

import os
import sys
from pathlib import Path

from dashboard.theme import streamlit_options
from data import settings

OPTIONS = {
    "server.headless": "true",
    "server.enableCORS": "true",
    "server.enableXsrfProtection": "true",
    "server.maxUploadSize": "1",
    "server.maxMessageSize": "50",
    "server.fileWatcherType": "none",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.toolbarMode": "minimal",
    "client.disableDataExport": "true",  # the table's own export leaves formulas live; ours is neutralised
    "browser.gatherUsageStats": "false",
    "runner.postScriptGC": "false",  # a forced collection after each click costs five sixths of its time
}


def main() -> int:
    """Become `python -m streamlit run`, with our settings; returns only after help, or when a setting is bad."""
    if any(word in sys.argv[1:] for word in ("-h", "--help")):
        print(f"usage: python -m dashboard\n\nServe the dashboard until stopped.\n\n{settings.described()}")
        return 0
    try:
        here = settings.read()
    except settings.BadSetting as problem:
        print(problem, file=sys.stderr)
        return 1
    options = OPTIONS | streamlit_options() | {"server.address": here.host, "server.port": str(here.port)}
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    shown = "localhost" if here.host in ("127.0.0.1", "0.0.0.0") else here.host  # noqa: S104 - compared, not bound
    print(f"AI Progress Monitor: http://{shown}:{here.port}", flush=True)
    command = [sys.executable, "-m", "streamlit", "run", str(Path(__file__).with_name("server.py")), *flags]
    return os.execv(sys.executable, command)  # noqa: S606 - one process, so that signals reach it


if __name__ == "__main__":
    sys.exit(main())
