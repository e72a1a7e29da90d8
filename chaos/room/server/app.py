"""The web application: pages as static files, and one websocket a client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from chaos.documents.drill import Seat
from chaos.room.pages import page_files
from chaos.room.protocol.incoming import Hello, MalformedError, parse
from chaos.room.server.limits import Allowance
from chaos.room.server.origins import Names
from chaos.room.server.reviewing import PAGES
from chaos.room.server.room import Room
from chaos.room.server.tokens import seat_of

HELLO_WITHIN = 10.0
"""Seconds in which a client has to say hello."""
SEND_WITHIN = 20.0
"""Seconds in which a client has to take a frame."""
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
"""The media type that a page's file is sent as: never guessed from what the machine knows of file names."""
POLICY = 1008
MISDIRECTED, FORBIDDEN, TRY_LATER = 421, 403, 429
HEADERS = {
    "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws: wss:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}

ALONE = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
"""The policy of a page that is one file and asks for nothing."""


class SafeHeaders:
    """Says to browsers that nothing is loaded from elsewhere, and that addresses, which hold a token, are not passed on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = message.get("headers", [])
                known = {name for name, _ in said}
                more = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in known]
                message = {**message, "headers": [*said, *more]}
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


class KnownNames:
    """Lets nothing through that is asked for under a name of somebody else, or by a page of somebody else."""

    def __init__(self, app: ASGIApp, names: Names) -> None:
        self._app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._names.knows(host):
            refusal = Response("this is not the address of this room", MISDIRECTED)
        elif origin is not None and not self._names.trusts(origin, host):
            refusal = Response("only the room's own pages may ask", FORBIDDEN)
        else:
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(refusal)
        else:
            await refusal(scope, receive, send)


def make_app(room: Room, names: Names) -> Starlette:
    """The application of a room, which it opens and closes."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        running = asyncio.create_task(room.run())
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def endpoint(socket: WebSocket) -> None:
        await _serve(room, socket)

    async def reviewed(request: Request) -> Response:
        return _reviewed(room, request.path_params["token"], request.path_params["name"])

    pages = [Route(f"/{address}", _sends(path)) for address, path in page_files().items()]
    routes: list[BaseRoute] = [WebSocketRoute("/ws", endpoint), Route("/review/{token}/{name}", reviewed), *pages]
    return Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(SafeHeaders), Middleware(KnownNames, names)])


def _sends(path: Path) -> Callable[[Request], Awaitable[Response]]:
    """Answers with a file as it is: these alone are served, no folder."""

    async def send(_request: Request) -> Response:
        return FileResponse(path, media_type=TYPES[path.suffix])

    return send


def _reviewed(room: Room, token: str, name: str) -> Response:
    """A page of the review, for whoever has a seat."""
    path = room.folder.current().path / name
    if seat_of(token, room.session.tokens) is None or name not in PAGES or not path.is_file():
        return Response("there is no such page", 404)
    return FileResponse(path, media_type="text/html", headers={"content-security-policy": ALONE})


async def _serve(room: Room, socket: WebSocket) -> None:
    seat = seat_of(socket.query_params.get("token", ""), room.session.tokens)
    if seat is None:
        await socket.send_denial_response(Response("nobody has this token", FORBIDDEN))
        return
    door = room.door(seat)
    if not door.enter(time.monotonic()):
        await socket.send_denial_response(Response("too many clients of this seat: try again later", TRY_LATER))
        return
    try:
        await socket.accept()
        with suppress(WebSocketDisconnect, ConnectionError, TimeoutError):
            await _converse(room, socket, seat)
    finally:
        door.leave()


async def _converse(room: Room, socket: WebSocket, seat: Seat) -> None:
    try:
        async with asyncio.timeout(HELLO_WITHIN):
            frame = await socket.receive_text()
        hello = parse(frame)
    except (TimeoutError, MalformedError, KeyError):
        hello = None
    if not isinstance(hello, Hello):
        await socket.close(POLICY, "say hello first")
        return
    await room.opened.wait()
    if room.failed is not None:
        await socket.close(1011, "the exercise cannot begin")
        return
    news = room.listen(seat)
    if hello.name:
        room.send(seat, frame)
    tasks = [asyncio.create_task(_write(room, socket, seat, news, hello.seq)), asyncio.create_task(_read(room, socket, seat))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        room.leave(seat, news)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if socket.client_state is WebSocketState.CONNECTED and socket.application_state is WebSocketState.CONNECTED:
        async with asyncio.timeout(SEND_WITHIN):
            await socket.close(POLICY)


async def _write(room: Room, socket: WebSocket, seat: Seat, news: asyncio.Event, seen: int | None) -> None:
    """Sends what the client has not seen, whenever there is something. A client that takes its time delays nobody else, and gets a
    snapshot when it has fallen too far behind."""
    stream = room.stream(seat)
    while True:
        news.clear()
        frames, seen = stream.since(seen), stream.seq
        for frame in frames:
            async with asyncio.timeout(SEND_WITHIN):  # not wait_for, which may swallow that it is cancelled
                await socket.send_text(frame)
        await news.wait()


async def _read(room: Room, socket: WebSocket, seat: Seat) -> None:
    """Hands on what the client sends, as long as it is not too much."""
    allowance, door = Allowance(time.monotonic()), room.door(seat)
    while not allowance.exhausted:
        received = await socket.receive()
        if received["type"] == "websocket.disconnect":
            return
        if not door.hears(allowance, time.monotonic()):
            if allowance.refused == 1:
                room.refuse(seat, "", "too many messages: some were not read", "消息太多，有些没有读取")
            continue
        text = received.get("text")
        try:
            if text is None:
                raise MalformedError("not text")
            message = parse(text)
        except MalformedError as error:
            room.refuse(seat, "", "this is no message of the room", "这不是演练室的消息", hint=str(error))
            continue
        if not room.send(seat, text):
            room.refuse(seat, message.id, "the room is busy: try again", "演练室忙，请再试一次")
