"""Visitors of the dashboard without a screen: they speak a browser's own protocol with the server.

A visit is one session. It opens pages, runs again the parts of a page that ask to be run again,
fetches the pictures a page names, and looks through all answers for what no person should meet.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

ANSWER_S = 60.0
"""A page that has not come by then is an error."""
MEDIA = re.compile(rb"/media/[0-9a-f]{16,}\.\w+")
APOLOGY = "again-after-error"
"""Key of the button under a page's words on what a store could not do."""
NOTE_LABEL, NOTE_BUTTON, NOTE_KEPT = "A new note", "Keep the note", "The note is kept."


@dataclass
class Answer:
    """What came for one question."""

    seconds: float = float("nan")
    faults: list[str] = field(default_factory=list)
    content: bytes = b""
    """All that is drawn, as it was sent."""
    widgets: dict[str, str] = field(default_factory=dict)
    """Ids of text areas and buttons by their label."""


class Visit:
    """One session on an open line. `async with visit(...)` opens it."""

    def __init__(self, line: ClientConnection, address: str) -> None:
        self._line, self._address = line, address
        self._again: dict[str, tuple[float, float]] = {}
        """Parts of the page that ask to be run again: seconds between, and when next."""
        self.n_parts = self.n_pictures = 0
        self._page = ("", "")

    async def ask(self, page: str, client: str = "", words: Sequence[str] = ()) -> Answer:
        """Open a page and wait until it stands there; each of `words` must be on it."""
        self._again.clear()
        self._page = (page, client)
        answer = await self._run(self._question())
        if not answer.faults:
            missing = [each for each in words if each.encode() not in answer.content]
            answer.faults += [f"{each!r} is not on the page" for each in missing]
        answer.faults += await self._pictures(answer.content)
        return answer

    async def keep_note(self, client: str, text: str) -> Answer:
        """Write a note on the client's page, as a person does: into the field, then the button."""
        opened = await self.ask("client", client, (NOTE_LABEL,))
        if opened.faults:
            return opened
        question = self._question()
        states = question.rerun_script.widget_states.widgets
        states.add(id=opened.widgets[NOTE_LABEL], string_value=text)
        states.add(id=opened.widgets[NOTE_BUTTON], trigger_value=True)
        answer = await self._run(question)
        if not answer.faults and NOTE_KEPT.encode() not in answer.content:
            answer.faults.append("the page does not say that the note is kept")
        return answer

    async def look(self, seconds: float) -> list[str]:
        """Look at the page that stands there, and run again what asks for it; gives faults."""
        until = time.monotonic() + seconds
        faults: list[str] = []
        while True:
            due = min(self._again.items(), key=lambda part: part[1][1], default=None)
            wake = until if due is None else min(until, due[1][1])
            if await self._nothing_until(wake):
                if due is None or wake >= until:
                    return faults
                part, (every_s, _) = due
                self._again[part] = (every_s, time.monotonic() + every_s)
                question = self._question()
                question.rerun_script.fragment_id = part
                question.rerun_script.is_auto_rerun = True
                faults += (await self._run(question)).faults
                self.n_parts += 1

    def _question(self) -> BackMsg:
        page, client = self._page
        question = BackMsg()
        question.rerun_script.query_string = f"client={client}" if client else ""
        question.rerun_script.page_name = page
        return question

    async def _nothing_until(self, moment: float) -> bool:
        """Wait; False where the server said something meanwhile."""
        try:
            async with asyncio.timeout_at(
                asyncio.get_running_loop().time() + max(0.0, moment - time.monotonic())
            ):
                self._take(await self._line.recv(decode=False), Answer())
        except TimeoutError:
            return True
        return False

    async def _run(self, question: BackMsg) -> Answer:
        answer, started = Answer(), time.perf_counter()
        await self._line.send(question.SerializeToString())
        try:
            async with asyncio.timeout(ANSWER_S):
                while not self._take(await self._line.recv(decode=False), answer):
                    pass
        except TimeoutError:
            # Whatever comes later would be taken for the answer to the next question.
            raise TimeoutError(f"no answer in {ANSWER_S:.0f} s") from None
        answer.seconds = time.perf_counter() - started
        return answer

    def _take(self, raw: bytes, answer: Answer) -> bool:
        """Take one message in; True when the page stands there."""
        message = ForwardMsg()
        message.ParseFromString(raw)
        kind = message.WhichOneof("type")
        if kind == "delta":
            answer.content += raw
            elements = [message.delta.new_element, *message.delta.new_transient.elements]
            for element in elements:
                self._look_at(element, answer)
        elif kind == "new_session" and not message.metadata.run.fragment_ids:
            self._again.clear()
        elif kind == "auto_rerun":
            every_s = message.auto_rerun.interval
            self._again[message.auto_rerun.fragment_id] = (every_s, time.monotonic() + every_s)
        elif kind == "stop_auto_rerun":
            for part in message.stop_auto_rerun.fragment_ids:
                self._again.pop(part, None)
        elif kind == "page_not_found":
            answer.faults.append("the server knows no such page")
        elif kind == "session_event" and message.session_event.HasField(
            "script_compilation_exception"
        ):
            answer.faults.append(message.session_event.script_compilation_exception.message)
        elif kind == "script_finished":
            if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                answer.faults.append("the page's program could not be read")
            # After an early end the same page is drawn anew at once.
            return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        return False

    def _look_at(self, element: Any, answer: Answer) -> None:
        kind = element.WhichOneof("type")
        if kind == "exception":
            raised = element.exception
            where = raised.stack_trace[-1].strip() if raised.stack_trace else ""
            answer.faults.append(f"{raised.type}: {raised.message} {where}".strip())
        elif kind == "text_area":
            answer.widgets[element.text_area.label] = element.text_area.id
        elif kind == "button":
            answer.widgets[element.button.label] = element.button.id
            if APOLOGY in element.button.id:
                answer.faults.append("the page says that the store could not do it")

    async def _pictures(self, content: bytes) -> list[str]:
        """Fetch what a browser would fetch for the page; gives faults."""
        faults = []
        for path in sorted(set(MEDIA.findall(content))):
            self.n_pictures += 1
            try:
                await asyncio.to_thread(_fetch, self._address + path.decode())
            except OSError as error:
                faults.append(f"picture: {error}")
        return faults


@asynccontextmanager
async def visit(address: str) -> AsyncIterator[Visit]:
    """A new session at `address` (``http://host:port``), closed as a browser's tab is."""
    import websockets
    from websockets.typing import Origin, Subprotocol

    async with websockets.connect(
        address.replace("http://", "ws://") + "/_stcore/stream",
        subprotocols=[Subprotocol("streamlit")],
        origin=Origin(address),
        max_size=None,
        proxy=None,
    ) as line:
        yield Visit(line, address)


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Wait, but no longer than until `stop`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def _fetch(url: str) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=ANSWER_S) as answer:
        answer.read()
