"""A reader without a browser: Streamlit's protocol over a websocket, with clicks at random moments."""

import asyncio
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
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
    """What a viewer has to remember of a page to click on it, and to know whether the right chart came."""

    script: str = ""
    query: str = ""
    fragment: str = ""
    pills: str = ""
    options: list[str] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    """The labs that have a name beside the chart while none is chosen; a chosen one has it alone."""


def crowd(url: str, page: str, viewers: int, seconds: float, think: float = THINK) -> Seen:
    """`viewers` readers of one page for some seconds, each clicking another lab every four seconds in the mean.

    Each clicks at least once. A click after which the chart is not the one of that lab is an error.
    """
    # in a thread of its own: a browser's driver may keep a loop running in this one
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _crowd(url, page, viewers, seconds, think)).result()


async def _crowd(url: str, page: str, viewers: int, seconds: float, think: float) -> Seen:
    seen = Seen()
    until = time.monotonic() + seconds
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    await asyncio.gather(*(_view(address, page, until, think, seen, random.Random(n)) for n in range(viewers)))
    return seen


async def _view(address: str, page: str, until: float, think: float, seen: Seen, dice: random.Random) -> None:
    try:
        await asyncio.sleep(dice.random() * think / 2)
        async with connect(address, subprotocols=["streamlit"], max_size=None, compression=None) as socket:  # type: ignore[list-item]
            known, chosen = _Page(), ""
            known.named = await _run(socket, known, BackMsg(), page, seen)
            while not chosen or time.monotonic() < until:
                await asyncio.sleep(dice.expovariate(1 / think))
                chosen = dice.choice([option for option in known.options if option != chosen])
                click = BackMsg()
                click.rerun_script.fragment_id = known.fragment
                state = click.rerun_script.widget_states.widgets.add(id=known.pills)
                state.string_array_value.data.extend([chosen])
                began = time.monotonic()
                named = await _run(socket, known, click, page, seen)
                seen.seconds.append(time.monotonic() - began)
                if named != {chosen} & known.named:
                    seen.errors.append(f"the chart of {chosen} names {sorted(named)}")
    except Exception as problem:  # counted and shown, whatever it is
        seen.errors.append(f"{type(problem).__name__}: {problem}")


async def _run(socket: ClientConnection, known: _Page, message: BackMsg, page: str, seen: Seen) -> set[str]:
    """Send a run and read until its script has ended: the labs named beside the chart that it drew."""
    ask = message.rerun_script
    ask.page_script_hash = known.script
    if not known.script:
        ask.page_name = page
    ask.query_string = known.query
    ask.context_info.url = f"http://127.0.0.1/{page}"
    await socket.send(message.SerializeToString())
    chart = ""
    while True:
        data = await asyncio.wait_for(socket.recv(), 120)
        assert isinstance(data, bytes)
        seen.received += len(data)
        told = ForwardMsg.FromString(data)
        kind = told.WhichOneof("type")
        if kind == "navigation":
            known.script = told.navigation.page_script_hash
        elif kind == "page_info_changed":
            known.query = told.page_info_changed.query_string
        elif kind == "delta":
            element = told.delta.new_element
            if element.button_group.label == "Labs":
                known.fragment, known.pills = told.delta.fragment_id, element.button_group.id
                known.options = [option.content for option in element.button_group.options]
            chart = element.plotly_chart.spec or chart
            if element.exception.message:
                seen.errors.append(element.exception.message)
        elif kind == "script_finished":
            notes = json.loads(chart)["layout"].get("annotations", ()) if chart else ()
            return {note["text"] for note in notes} & set(known.options)
