"""A reader without a browser: Streamlit's protocol over a websocket, with clicks at random moments."""

import asyncio
import random
import time
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

THINK = 4.0


@dataclass
class Seen:
    """What a crowd of viewers met: seconds from each click to the end of its run, bytes received, errors."""

    seconds: list[float] = field(default_factory=list)
    received: int = 0
    errors: list[str] = field(default_factory=list)


@dataclass
class _Page:
    """What a viewer has to remember of a page to click on it."""

    script: str = ""
    pills: str = ""
    options: list[str] = field(default_factory=list)


async def crowd(url: str, page: str, viewers: int, seconds: float) -> Seen:
    """`viewers` readers of one page for some seconds, each clicking a lab every four seconds in the mean."""
    seen = Seen()
    until = time.monotonic() + seconds
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    await asyncio.gather(*(_view(address, page, until, seen, random.Random(n)) for n in range(viewers)))
    return seen


async def _view(address: str, page: str, until: float, seen: Seen, dice: random.Random) -> None:
    try:
        await asyncio.sleep(dice.random() * THINK / 2)
        async with connect(address, subprotocols=["streamlit"], max_size=None, compression=None) as socket:  # type: ignore[list-item]
            known = _Page()
            await _run(socket, known, BackMsg(), page, seen)
            while time.monotonic() < until:
                await asyncio.sleep(dice.expovariate(1 / THINK))
                click = BackMsg()
                state = click.rerun_script.widget_states.widgets.add(id=known.pills)
                state.string_array_value.data.extend([dice.choice(known.options)])
                began = time.monotonic()
                await _run(socket, known, click, page, seen)
                seen.seconds.append(time.monotonic() - began)
    except Exception as problem:  # counted and shown, whatever it is
        seen.errors.append(f"{type(problem).__name__}: {problem}")


async def _run(socket: ClientConnection, known: _Page, message: BackMsg, page: str, seen: Seen) -> None:
    """Send a run and read until its script has ended."""
    ask = message.rerun_script
    ask.page_script_hash = known.script
    if not known.script:
        ask.page_name = page
    ask.context_info.url = f"http://127.0.0.1/{page}"
    await socket.send(message.SerializeToString())
    while True:
        data = await asyncio.wait_for(socket.recv(), 120)
        assert isinstance(data, bytes)
        seen.received += len(data)
        told = ForwardMsg.FromString(data)
        kind = told.WhichOneof("type")
        if kind == "navigation":
            known.script = told.navigation.page_script_hash
        elif kind == "delta" and told.delta.new_element.WhichOneof("type") == "button_group":
            group = told.delta.new_element.button_group
            if group.label == "Labs":
                known.pills, known.options = group.id, [option.content for option in group.options]
        elif kind == "delta" and told.delta.new_element.WhichOneof("type") == "exception":
            seen.errors.append(told.delta.new_element.exception.message)
        elif kind == "script_finished":
            return
