"""A real browser for tests: headless Chromium, driven over its DevTools protocol.

Keys and clicks go in as a person's do; what is on the screen is read from the terminal that the page draws.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.support.chromium import running_chromium

_SECONDS = 90.0
_LOOK_SECONDS = 0.1

_KEEP_TERMINAL = """
Object.defineProperty(Object.prototype, "terminal", {
  configurable: true,
  set(value) {
    if (value && value.buffer) window.drawnTerminal = value;
    Object.defineProperty(this, "terminal", {value, writable: true, configurable: true, enumerable: true});
  },
});
"""
"""textual-serve keeps the terminal to itself; it is seen when it is put into a field of that name."""

_READ_TERMINAL = """
(() => {
  const buffer = window.drawnTerminal?.buffer.active;
  if (!buffer) return "";
  const lines = [];
  for (let y = 0; y < window.drawnTerminal.rows; y++)
    lines.push(buffer.getLine(buffer.viewportY + y)?.translateToString(true) ?? "");
  return lines.join("\\n");
})()
"""

_NAMED: Mapping[str, tuple[str, int, str]] = {
    "enter": ("Enter", 13, "\r"),
    "escape": ("Escape", 27, ""),
    "tab": ("Tab", 9, ""),
    "backspace": ("Backspace", 8, ""),
    "up": ("ArrowUp", 38, ""),
    "down": ("ArrowDown", 40, ""),
    **{f"f{number}": (f"F{number}", 111 + number, "") for number in range(1, 13)},
}


class Tab:
    """A page of the browser."""

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        self._browser = browser
        self._target = target
        self._session = session
        self.asked: list[str] = []
        """The addresses of everything the page has asked for."""

    async def call(self, method: str, **params: Any) -> Any:
        """What the protocol answers to a command."""
        return await self._browser.call(method, self._session, **params)

    async def goto(self, url: str) -> None:
        """Open an address and wait until it has loaded."""
        await self.call("Page.navigate", url=url)
        await self.until('document.readyState === "complete" && location.href !== "about:blank"')

    async def run(self, script: str) -> Any:
        """The value of a JavaScript expression, awaited where it is a promise."""
        done = await self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    async def until(self, script: str, seconds: float = _SECONDS) -> None:
        """Wait until a JavaScript expression is true."""
        await _until(lambda: self.run(script), lambda: self.run("document.body.innerText"), script, seconds)

    async def text(self) -> str:
        """What stands in the terminal now."""
        return str(await self.run(_READ_TERMINAL))

    async def wait_for(self, *wanted: str, seconds: float = _SECONDS) -> str:
        """Wait until every wanted text stands in the terminal, and return the screen."""

        async def there() -> bool:
            text = await self.text()
            return all(part in text for part in wanted)

        await _until(there, self.text, wanted, seconds)
        return await self.text()

    async def wait_until_gone(self, unwanted: str, *, seconds: float = _SECONDS) -> None:
        """Wait until a text no longer stands in the terminal."""

        async def gone() -> bool:
            return unwanted not in await self.text()

        await _until(gone, self.text, f"the end of {unwanted}", seconds)

    async def press(self, *keys: str) -> None:
        """Press keys by name; anything that is no name is typed letter by letter."""
        for key in keys:
            for name in [key] if key in _NAMED else key:
                # What is no letter and no digit has a number that depends on the keyboard.
                letter = ord(name.upper()) if len(name) == 1 and name.isalnum() else 0
                label, code, text = _NAMED.get(name, (name, letter, name))
                words = {"key": label, "windowsVirtualKeyCode": code, "nativeVirtualKeyCode": code}
                await self.call(
                    "Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **words
                )
                await self.call("Input.dispatchKeyEvent", type="keyUp", **words)

    async def click(self, text: str) -> None:
        """Click on a text in the terminal."""
        lines = (await self.text()).split("\n")
        row = next(at for at, line in enumerate(lines) if text in line)
        column = lines[row].index(text) + len(text) / 2
        box = await self.run(
            "(() => { const r = document.querySelector('.xterm-screen').getBoundingClientRect();"
            " return [r.x, r.y, r.width / drawnTerminal.cols, r.height / drawnTerminal.rows]; })()"
        )
        at = {"x": box[0] + column * box[2], "y": box[1] + (row + 0.5) * box[3]}
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **at)

    async def close(self) -> None:
        """Close the tab."""
        await self._browser.call("Target.closeTarget", targetId=self._target)


class Browser:
    """A running Chromium and the connection to it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[bool]) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._tabs: dict[str, Tab] = {}
        self._reader = asyncio.create_task(self._read())

    async def call(self, method: str, session: str | None = None, **params: Any) -> Any:
        """What the protocol answers to a command; fails with its error."""
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        words = {"id": number, "method": method, "params": params}
        await self._socket.send_json(words if session is None else {**words, "sessionId": session})
        answer = await asyncio.wait_for(self._waiting[number], _SECONDS)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    async def tab(self, *, width: int = 1200, height: int = 800) -> Tab:
        """A new tab whose page can be that large."""
        made = await self.call(
            "Target.createTarget", url="about:blank", newWindow=True, width=width, height=height
        )
        found = await self.call("Target.attachToTarget", targetId=made["targetId"], flatten=True)
        tab = Tab(self, made["targetId"], found["sessionId"])
        self._tabs[found["sessionId"]] = tab
        for domain in ("Page", "Network", "Runtime"):
            await tab.call(f"{domain}.enable")
        await tab.call("Emulation.setFocusEmulationEnabled", enabled=True)
        await tab.call("Page.addScriptToEvaluateOnNewDocument", source=_KEEP_TERMINAL)
        return tab

    async def close(self) -> None:
        """Ask the browser to end."""
        with contextlib.suppress(ConnectionError, AssertionError, asyncio.TimeoutError):
            await self.call("Browser.close")
        self._reader.cancel()

    async def _read(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                waiting = self._waiting.pop(told["id"])
                if not waiting.done():
                    waiting.set_result(told)
            elif told["method"] in {"Network.requestWillBeSent", "Network.webSocketCreated"}:
                url = told["params"].get("url") or told["params"]["request"]["url"]
                self._tabs[told["sessionId"]].asked.append(url)


@asynccontextmanager
async def browser(program: str) -> AsyncGenerator[Browser, None]:
    """A Chromium with a profile of its own; when the context ends nothing of it is left."""
    with running_chromium(program) as commands:
        async with aiohttp.ClientSession() as client, client.ws_connect(commands, max_msg_size=0) as socket:
            found = Browser(socket)
            try:
                yield found
            finally:
                await found.close()


async def _until(holds: Callable[[], Any], shown: Callable[[], Any], what: object, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not await holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds:.0f} s:\n{await shown()}")
        await asyncio.sleep(_LOOK_SECONDS)
