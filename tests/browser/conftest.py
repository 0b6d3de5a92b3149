"""A live JupyterLab and a real Chromium, for tests of what a learner sees.

``lab`` is a server of its own with a copy of the notebooks, ``page`` a fresh browser page that notes every console
error and every request; ``notebook(name)`` opens one of the server's notebooks in that page. Without a Chromium these
tests are skipped, unless the environment says CI=true: then they fail.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import nbformat
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
START_SECONDS = 90
RUN_SECONDS = 180
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright's event loop runs in this thread from the first one to the session's end."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@dataclass
class Lab:
    """A JupyterLab server.

    Attributes:
        url: Where it answers, without a slash at the end.
        token: What it wants to see in a URL.
        root: The folder it serves; tests may add files.
        log: What it has printed so far.
    """

    url: str
    token: str
    root: Path
    log: list[str] = field(default_factory=list)

    def link(self, path: str) -> str:
        """The address that opens a file in a fresh workspace."""
        return f"{self.url}/lab/tree/{quote(path)}?reset&token={self.token}"

    def write(self, name: str, *cells: str) -> str:
        """Write a notebook with these code cells into the root and return its name."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
        nbformat.write(notebook, self.root / name)
        return name


@dataclass
class Watch:
    """What a page did.

    Attributes:
        errors: Console errors and uncaught exceptions, as text.
        requests: Every address asked for, by the page, its frames and its web sockets.
    """

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def foreign(self) -> list[str]:
        """The requests that left this machine."""
        parts = [(url, urlsplit(url)) for url in self.requests]
        return [
            url
            for url, part in parts
            if part.scheme not in ("data", "blob", "about") and part.hostname not in ("127.0.0.1", "localhost")
        ]

    def note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")


class OpenNotebook:
    """A notebook in the page: run it, read its outputs, photograph it."""

    def __init__(self, page: Page, shots: Path) -> None:
        self.page = page
        self._shots = shots

    def run_all(self) -> None:
        """Run all cells, as the menu does; returns when nothing is left to run.

        Behind a cell that fails, those whose turn came before the kernel could stop still run: look at `failures`.
        """
        try:
            self.page.evaluate(
                """seconds => Promise.race([
                    jupyterapp.commands.execute('notebook:run-all-cells'),
                    new Promise((_, reject) => setTimeout(() => reject(Error('cells still run')), seconds * 1000))])""",
                RUN_SECONDS,
            )
            self.wait_idle()
        except Error:
            self.screenshot("not-finished")
            raise

    def wait_idle(self) -> None:
        """Wait until the notebook has a kernel and the kernel has nothing to do."""
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=RUN_SECONDS * 1000,
        )

    def cells(self) -> list[dict[str, Any]]:
        """All cells as nbformat has them, read from the live model: also those that are scrolled out of sight."""
        cells: list[dict[str, Any]] = self.page.evaluate(
            "() => jupyterapp.shell.currentWidget.content.model.toJSON().cells"
        )
        return cells

    def failures(self) -> list[str]:
        """What went wrong in the cells: errors, and cells with code that never ran."""
        found = []
        for number, cell in enumerate(self.cells()):
            if cell["cell_type"] != "code":
                continue
            source = "".join(cell["source"])
            found += [
                f"cell {number}: {output['ename']}: {output['evalue']}"
                for output in cell["outputs"]
                if output["output_type"] == "error"
            ]
            if source.strip() and cell["execution_count"] is None:
                found.append(f"cell {number} never ran: {source[:60]}")
        return found

    def theme(self, name: str) -> None:
        """Switch to 'JupyterLab Light' or 'JupyterLab Dark'."""
        self.page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", name)
        dark = "true" if "Light" in name else "false"
        self.page.locator(f'body[data-jp-theme-light="{dark}"][data-jp-theme-name="{name}"]').wait_for(state="attached")
        self.wait_unveiled()

    def wait_unveiled(self) -> None:
        """Wait until JupyterLab has taken its moons away."""
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def screenshot(self, name: str) -> Path:
        """Save what is seen as ``name``.png, to TASKPOOL_SCREENSHOTS or a temporary folder."""
        path = self._shots / f"{name}.png"
        self.page.screenshot(path=path)
        return path


OpenIt = Callable[[str], OpenNotebook]


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab server with nobody's settings, and a copy of the notebooks."""
    home = tmp_path_factory.mktemp("lab")
    root = home / "notebooks"
    if NOTEBOOKS.is_dir():
        shutil.copytree(NOTEBOOKS, root, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    root.mkdir(exist_ok=True)
    folders = {
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "IPYTHONDIR": home / "ipython",
    }
    for folder in folders.values():
        folder.mkdir()
    (home / "config" / "labconfig").mkdir()
    (home / "config" / "labconfig" / "page_config.json").write_text(
        json.dumps({"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}})
    )
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    served = Lab(f"http://127.0.0.1:{port}", secrets.token_hex(16), root)
    options = [
        "--no-browser",
        "--allow-root",
        "--expose-app-in-browser",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root}",
        f"--IdentityProvider.token={served.token}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly",
    ]
    environment = os.environ | {name: str(folder) for name, folder in folders.items()}
    environment |= {"JUPYTER_PREFER_ENV_PATH": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as server:
        reader = None
        try:
            reader = _wait_until_served(server, served)
            yield served
        finally:
            server.terminate()
            if reader is not None:
                reader.join()


def _wait_until_served(server: subprocess.Popen[str], served: Lab) -> threading.Thread:
    """Read the server's log until it says where it answers; the thread returned reads on to the log's end."""
    assert server.stdout is not None
    too_late = threading.Timer(START_SECONDS, server.kill)
    too_late.start()
    for line in server.stdout:
        served.log.append(line)
        if f"{served.url}/lab?token=" in line:
            break
    else:
        pytest.fail(f"JupyterLab did not start within {START_SECONDS} s:\n{''.join(served.log)}")
    too_late.cancel()
    reader = threading.Thread(target=served.log.extend, args=(server.stdout,), daemon=True)
    reader.start()
    return reader


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, or the one that Playwright brought."""
    with sync_playwright() as playwright:
        path = next(filter(None, map(_working, CHROMIUM)), None) or _working(playwright.chromium.executable_path)
        if path is None:
            message = "no Chromium here: install it, as in  apt-get install chromium"
            if os.environ.get("CI") == "true":
                pytest.fail(message)
            pytest.skip(message)
        with playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS) as chromium:
            yield chromium


def _working(program: str) -> str | None:
    path = shutil.which(program)
    if path is None or subprocess.run([path, "--version"], capture_output=True, check=False).returncode != 0:
        return None
    return path


@pytest.fixture
def watch() -> Watch:
    """What this test's page does: console errors and requests."""
    return Watch()


@pytest.fixture
def page(browser: Browser, watch: Watch) -> Iterator[Page]:
    """A fresh page of 1280 by 800 pixels, without cookies or history."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.on("request", lambda request: watch.requests.append(request.url))
    context.on("console", watch.note_console)
    context.on("weberror", lambda error: watch.errors.append(str(error.error)))
    opened = context.new_page()
    opened.on("websocket", lambda websocket: watch.requests.append(websocket.url))
    opened.set_default_timeout(30_000)
    yield opened
    context.close()


@pytest.fixture
def notebook(lab: Lab, page: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIt]:
    """``notebook("00-start-here.ipynb")`` opens it in this test's page and waits until its kernel is ready."""
    folder = os.environ.get("TASKPOOL_SCREENSHOTS")
    shots = Path(folder) if folder else tmp_path_factory.mktemp("screenshots")
    shots.mkdir(parents=True, exist_ok=True)

    def open_notebook(path: str) -> OpenNotebook:
        page.goto(lab.link(path))
        opened = OpenNotebook(page, shots)
        try:
            page.locator(".jp-NotebookPanel:visible").wait_for(timeout=START_SECONDS * 1000)
            opened.wait_idle()
            opened.wait_unveiled()
        except Error:
            opened.screenshot("not-opened")
            raise
        return opened

    yield open_notebook
    page.evaluate("() => window.jupyterapp?.serviceManager.sessions.shutdownAll()")
