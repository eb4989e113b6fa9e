"""A headless Chromium driven through WebDriver (W3C, 2018) with the standard library alone."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from itertools import pairwise
from pathlib import Path
from typing import Any

START_SECONDS, ANSWER_SECONDS = 30, 120
_FLAGS = (
    "--headless=new --no-sandbox --disable-dev-shm-usage --hide-scrollbars "
    "--force-color-profile=srgb --enable-unsafe-swiftshader "
    # Nothing of its own over the network.
    "--disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync"
)


def missing() -> str:
    """Why there is no browser here; empty when there is one."""
    absent = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"needs {' and '.join(absent)} (Debian: chromium, chromium-driver)" if absent else ""


class Browser:
    """One session; a context manager."""

    def __init__(self, width: int = 1440, height: int = 900, downloads: Path | None = None):
        self._size, self._downloads = (width, height), downloads

    def __enter__(self) -> Browser:
        self._driver = subprocess.Popen(
            [shutil.which("chromedriver"), "--port=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        port = self._port()
        self._address = f"http://127.0.0.1:{port}"
        flags = [*_FLAGS.split(), "--window-size={},{}".format(*self._size)]
        options: dict[str, Any] = {"binary": shutil.which("chromium"), "args": flags}
        if self._downloads:
            options["prefs"] = {"download.default_directory": str(self._downloads)}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options}
        wanted["goog:loggingPrefs"] = {"browser": "ALL"}
        session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._address += f"/session/{session['sessionId']}"
        self._call("POST", "/timeouts", {"script": ANSWER_SECONDS * 1000})
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._call("DELETE", "", None)
        finally:
            self._driver.terminate()
            self._driver.wait(10)
            self._driver.stdout.close()

    def go(self, url: str) -> float:
        """Go to an address and wait until all of it is loaded: seconds that took, in the page."""
        self._call("POST", "/url", {"url": url})
        return self.js("return performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000

    def open(self, url: str) -> None:
        """Go to an address and wait until the studio is ready."""
        self.go(url)
        self.wait("document.body.dataset.ready === 'yes'")

    def js(self, body: str, *arguments: Any) -> Any:
        """The value of an async function's body; `arguments` in it are those given."""
        script = (
            "const done = arguments[arguments.length - 1], given = [...arguments].slice(0, -1);"
            f"(async function () {{ {body} }}).apply(null, given)"
            ".then((value) => done({ value }), (error) => done({ error: String(error.stack) }));"
        )
        found = self._call("POST", "/execute/async", {"script": script, "args": list(arguments)})
        if "error" in found:
            raise AssertionError(found["error"])
        return found.get("value")

    def wait(self, condition: str, seconds: float = 30) -> None:
        """Wait until a JavaScript expression is true."""
        end = time.monotonic() + seconds
        while not self.js(f"return Boolean({condition});"):
            if time.monotonic() > end:
                raise AssertionError(f"never true: {condition}; console: {self.console()}")
            time.sleep(0.03)

    def settle(self) -> None:
        """Wait until pixels and numbers are those of the look."""
        self.wait("!studio.pending")

    def find(self, selector: str) -> str:
        """The WebDriver reference of the first element of a CSS selector."""
        query = {"using": "css selector", "value": selector}
        return next(iter(self._call("POST", "/element", query).values()))

    def click(self, selector: str) -> None:
        """Click as a user: scrolled into view, refused when something lies above."""
        self._call("POST", f"/element/{self.find(selector)}/click", {})

    def type(self, selector: str, text: str) -> None:
        """Keys to an element; special keys are WebDriver's code points."""
        self._call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def drag(self, selector: str, way: tuple[float, float], steps: int = 8) -> None:
        """Press the mouse on an element's middle, move in steps, let go."""
        moves = [
            {"type": "pointerMove", "duration": 15, "origin": "pointer", "x": x, "y": y}
            for x, y in _whole_steps(way, steps)
        ]
        element = {"element-6066-11e4-a52e-4f735466cecf": self.find(selector)}
        start = {"type": "pointerMove", "duration": 0, "origin": element, "x": 0, "y": 0}
        down, up = ({"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp"))
        mouse = {"type": "pointer", "id": "mouse", "actions": [start, down, *moves, up]}
        self._call("POST", "/actions", {"actions": [mouse]})

    def keys(self, *keys: str) -> None:
        """Press keys together, on whatever has the focus."""
        actions = [{"type": "keyDown", "value": key} for key in keys]
        actions += [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self._call(
            "POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]}
        )

    def drop(self, *files: tuple[str, bytes]) -> None:
        """Drop files, (name, bytes), on the page."""
        packed = [[name, base64.b64encode(data).decode()] for name, data in files]
        self.js(
            "const transfer = new DataTransfer();"
            "for (const [name, data] of arguments[0]) transfer.items.add(new File("
            "  [Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));"
            "const event = new DragEvent('drop', "
            "  { dataTransfer: transfer, bubbles: true, cancelable: true });"
            "document.body.dispatchEvent(event);",
            packed,
        )

    def screenshot(self, path: Path) -> None:
        """The window as a PNG."""
        path.write_bytes(base64.b64decode(self._call("GET", "/screenshot", None)))

    def console(self) -> list[str]:
        """What the page said in its console since the last call: warnings and errors.

        But for the driver's remark that reading pixels back, as tests do, takes time.
        """
        found = self._call("POST", "/se/log", {"type": "browser"})
        told = [entry["message"] for entry in found if entry["level"] in ("WARNING", "SEVERE")]
        return [message for message in told if "GPU stall due to ReadPixels" not in message]

    def processor_seconds(self) -> float:
        """What all processes of the browser have used so far (Linux)."""
        parents, used = {}, {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:  # ended since
                continue
            parents[int(stat.parent.name)] = int(fields[1])
            used[int(stat.parent.name)] = int(fields[11]) + int(fields[12])
        family = {self._driver.pid}
        while grown := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= grown
        ticks = sum(used.get(pid, 0) for pid in family - {self._driver.pid})
        return ticks / os.sysconf("SC_CLK_TCK")

    def command(self, name: str, **parameters: Any) -> Any:
        """A command of Chromium's own DevTools protocol."""
        body = {"cmd": name, "params": parameters}
        return self._call("POST", "/goog/cdp/execute", body)

    def _port(self) -> int:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            line = self._driver.stdout.readline()
            if "successfully on port" in line:
                return int(line.split("on port")[1].strip().strip("."))
        raise AssertionError("chromedriver did not start")

    def _call(self, method: str, path: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._address + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS + 5) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            with error:
                told = json.load(error)["value"]
            raise AssertionError(f"{told['error']}: {told['message'].splitlines()[0]}") from None


def _whole_steps(way: tuple[float, float], steps: int) -> list[tuple[int, int]]:
    places = [tuple(round(part * k / steps) for part in way) for k in range(steps + 1)]
    return [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(places)]
