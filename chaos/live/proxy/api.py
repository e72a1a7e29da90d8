"""The HTTP interface of Toxiproxy: its routes, answers and errors (https://github.com/Shopify/toxiproxy#http-api).

Errors have the real server's words, those of its JSON reader included, since clients show them. One thing differs: a proxy without a
`listen` address gets a free port of 127.0.0.1, not of every interface.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields, replace
from typing import TypeAlias

from aiohttp import web

from chaos.live.proxy.proxies import ApiError, Proxies, Proxy, ProxyOptions
from chaos.live.proxy.toxics import TYPES, Attributes, Toxic

VERSION = "2.12.0-coredrill"
BODY_BYTES_MAX = 1 << 20
INT64 = range(-(2**63), 2**63)
POPULATED = '[]struct { toxiproxy.Proxy; Enabled *bool "json:\\"enabled\\"" }'  # the type's name in the real server's words

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


# --- reading --------------------------------------------------------------------------------------------------------------


def bad_body(reason: str) -> ApiError:
    """The answer to a body that cannot be read."""
    return ApiError(f"bad request body: {reason}", 400)


def parsed(text: str) -> Json:
    """A JSON document. Raises ApiError, in the words of Go's encoding/json."""
    if not text.strip():
        raise bad_body("EOF")
    try:
        value: Json = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise bad_body(_syntax_reason(text, error.pos)) from error
    except RecursionError as error:
        raise bad_body("exceeded max depth") from error
    except ValueError as error:  # a number of very many digits
        raise bad_body("invalid number") from error
    return value


def _no_constant(name: str) -> None:
    raise bad_body(f"invalid character {name[0]!r} looking for beginning of value")


def _syntax_reason(text: str, at: int) -> str:
    if at >= len(text):
        return "unexpected EOF"
    before = text[:at].rstrip()[-1:]
    expected = {"{": "looking for beginning of object key string", "": "looking for beginning of value"}
    for opening in (":", "[", ","):
        expected[opening] = "looking for beginning of value"
    return f"invalid character {text[at]!r} {expected.get(before, 'after value')}"


_GO_KINDS: Mapping[type, str] = {
    type(None): "null",
    bool: "bool",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def _go_kind(value: Json) -> str:
    kind = _GO_KINDS[type(value)]
    return f"number {value}" if kind == "number" else kind


def _object(value: Json, what: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise bad_body(f"json: cannot unmarshal {_go_kind(value)} into Go value of type {what}")
    return value


def _wrong_type(value: Json, field: str, kind: str) -> ApiError:
    return bad_body(f"json: cannot unmarshal {_go_kind(value)} into Go struct field {field} of type {kind}")


def _text(given: Mapping[str, Json], key: str, default: str = "") -> str:
    value = given.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise _wrong_type(value, f".{key}", "string")
    return value


def _flag(given: Mapping[str, Json], key: str, default: bool) -> bool:
    value = given.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise _wrong_type(value, f".{key}", "bool")
    return value


def _share(given: Mapping[str, Json], default: float) -> float:
    value = given.get("toxicity")
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 3.4e38:
        raise _wrong_type(value, ".toxicity", "float32")
    return float(value)


def attributes_from(given: Mapping[str, Json], before: Attributes) -> Attributes:
    """The attributes with those that the body gives in place of the ones before. Raises ApiError for a value that is no int64."""
    wanted = _object(given.get("attributes") or {}, "toxics.Toxic")
    changed: dict[str, int] = {}
    for field in fields(before):
        value = wanted.get(field.name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value not in INT64:
            raise _wrong_type(value, f".attributes.{field.name}", "int64")
        changed[field.name] = value
    return replace(before, **changed)


def toxic_from(value: Json) -> Toxic:
    """A toxic as a body describes it. Raises ApiError for a stream or a type that there is not."""
    given = _object(value, "toxics.ToxicWrapper")
    kind, stream = _text(given, "type"), _text(given, "stream", "downstream") or "downstream"
    if stream not in Toxic.STREAMS:
        raise ApiError("stream was invalid, can be either upstream or downstream", 400)
    if kind not in TYPES:
        raise ApiError("invalid toxic type", 400)
    name = _text(given, "name") or f"{kind}_{stream}"
    return Toxic(name, kind, stream, _share(given, 1.0), attributes_from(given, TYPES[kind]()))


def options_from(value: Json, before: ProxyOptions) -> ProxyOptions:
    """A proxy as a body describes it, over what it is already."""
    given = _object(value, "toxiproxy.Proxy")
    texts = {key: _text(given, key, getattr(before, key)) for key in ("name", "listen", "upstream")}
    return ProxyOptions(**texts, enabled=_flag(given, "enabled", before.enabled))


def checked(options: ProxyOptions, where: str = "") -> ProxyOptions:
    """The options, if nothing that a new proxy needs is missing. Raises ApiError."""
    for key in ("name", "upstream"):
        if not getattr(options, key):
            raise ApiError(f"missing required field: {key}{where}", 400)
    return options


# --- answering ------------------------------------------------------------------------------------------------------------


def written(value: object) -> str:
    """JSON as the real server writes it, without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def answer(value: object, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=written(value).encode(), status=status, content_type="application/json")


def refusal(error: ApiError) -> web.Response:
    """The answer to a request that cannot be done."""
    return web.Response(text=written({"error": error.message, "status": error.status}) + "\n", status=error.status)


@web.middleware
async def errors_in_their_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors become the real server's answers; a browser is refused, so that no web page can drive the proxy."""
    if request.headers.get("User-Agent", "").startswith("Mozilla/"):
        return web.Response(text="User agent not allowed\n", status=403)
    try:
        return await handler(request)
    except ApiError as error:
        return refusal(error)
    except web.HTTPNotFound:
        return web.Response(text="404 page not found\n", status=404)
    except web.HTTPMethodNotAllowed as error:
        return web.Response(status=405, headers={"Allow": ", ".join(sorted(error.allowed_methods))})


class Api:
    """The routes, over the proxies of one server."""

    def __init__(self, proxies: Proxies) -> None:
        self.proxies = proxies

    def application(self) -> web.Application:
        """The application to serve. A body of more than 1 MiB is refused with 413."""
        application = web.Application(middlewares=[errors_in_their_words], client_max_size=BODY_BYTES_MAX)
        proxy, toxic = "/proxies/{proxy}", "/proxies/{proxy}/toxics/{toxic}"
        application.add_routes(
            [
                web.get("/version", self.version),
                web.get("/metrics", self.metrics),
                web.post("/reset", self.reset),
                web.post("/populate", self.populate),
                web.get("/proxies", self.list_proxies),
                web.post("/proxies", self.create_proxy),
                web.get(proxy, self.show_proxy),
                web.post(proxy, self.change_proxy),
                web.patch(proxy, self.change_proxy),
                web.delete(proxy, self.remove_proxy),
                web.get(f"{proxy}/toxics", self.list_toxics),
                web.post(f"{proxy}/toxics", self.create_toxic),
                web.get(toxic, self.show_toxic),
                web.post(toxic, self.change_toxic),
                web.patch(toxic, self.change_toxic),
                web.delete(toxic, self.remove_toxic),
            ]
        )
        return application

    async def _body(self, request: web.Request) -> Json:
        try:
            return parsed((await request.read()).decode("utf-8", errors="replace"))
        except web.HTTPRequestEntityTooLarge as error:
            raise ApiError("http: request body too large", 413) from error

    def _proxy(self, request: web.Request) -> Proxy:
        return self.proxies.find(request.match_info["proxy"])

    async def version(self, request: web.Request) -> web.Response:
        """GET /version"""
        return web.Response(
            body=f'{{"version": "{VERSION}"}}\n'.encode(), headers={"Content-Type": "application/json;charset=utf-8"}
        )

    async def metrics(self, request: web.Request) -> web.Response:
        """GET /metrics: bytes by proxy, in the text format of Prometheus."""
        lines = []
        for way in ("received", "sent"):
            lines.append(f"# TYPE toxiproxy_proxy_{way}_bytes_total counter")
            for proxy in self.proxies:
                for stream in Toxic.STREAMS:
                    labels = {"direction": stream, "listener": proxy.listen, "proxy": proxy.name, "upstream": proxy.upstream}
                    inner = ",".join(f"{key}={json.dumps(value)}" for key, value in labels.items())
                    lines.append(f"toxiproxy_proxy_{way}_bytes_total{{{inner}}} {proxy.traffic[stream, way]}")
        return web.Response(text="\n".join(lines) + "\n")

    async def reset(self, request: web.Request) -> web.Response:
        """POST /reset"""
        await self.proxies.reset()
        return web.Response(status=204)

    async def populate(self, request: web.Request) -> web.Response:
        """POST /populate: proxies are made or replaced one after another, up to the first that cannot be."""
        made: list[dict[str, object]] = []
        try:
            body = await self._body(request)
            if not isinstance(body, list):
                raise bad_body(f"json: cannot unmarshal {_go_kind(body)} into Go value of type {POPULATED}")
            wanted = [options_from(given, ProxyOptions("", "", "")) for given in body]
            for i, options in enumerate(wanted):
                checked(options, f" at proxy {i + 1}")
            for options in wanted:
                proxy = await self.proxies.add_or_replace(options)
                made.append(proxy.shown())
        except ApiError as error:
            return answer({"error": error.message, "status": error.status, "proxies": made or None}, error.status)
        return answer({"proxies": made}, 201)

    async def list_proxies(self, request: web.Request) -> web.Response:
        """GET /proxies"""
        return answer({proxy.name: proxy.shown() for proxy in self.proxies})

    async def create_proxy(self, request: web.Request) -> web.Response:
        """POST /proxies"""
        options = checked(options_from(await self._body(request), ProxyOptions("", "", "")))
        return answer((await self.proxies.add(options)).shown(), 201)

    async def show_proxy(self, request: web.Request) -> web.Response:
        """GET /proxies/{proxy}"""
        return answer(self._proxy(request).shown())

    async def change_proxy(self, request: web.Request) -> web.Response:
        """PATCH /proxies/{proxy}, and POST as older clients do."""
        proxy = self._proxy(request)
        before = ProxyOptions(proxy.name, proxy.listen, proxy.upstream, proxy.enabled)
        return answer((await self.proxies.change(proxy.name, options_from(await self._body(request), before))).shown())

    async def remove_proxy(self, request: web.Request) -> web.Response:
        """DELETE /proxies/{proxy}"""
        await self.proxies.remove(self._proxy(request).name)
        return web.Response(status=204)

    async def list_toxics(self, request: web.Request) -> web.Response:
        """GET /proxies/{proxy}/toxics"""
        return answer([toxic.shown() for toxic in self._proxy(request).toxics_in_order()])

    async def create_toxic(self, request: web.Request) -> web.Response:
        """POST /proxies/{proxy}/toxics"""
        proxy, toxic = self._proxy(request), toxic_from(await self._body(request))
        proxy.add_toxic(toxic)
        return answer(toxic.shown())

    async def show_toxic(self, request: web.Request) -> web.Response:
        """GET /proxies/{proxy}/toxics/{toxic}"""
        return answer(self._proxy(request).toxic(request.match_info["toxic"]).shown())

    async def change_toxic(self, request: web.Request) -> web.Response:
        """PATCH /proxies/{proxy}/toxics/{toxic}, and POST as older clients do: attributes and toxicity alone."""
        proxy = self._proxy(request)
        toxic = proxy.toxic(request.match_info["toxic"])
        given = _object(await self._body(request), "toxics.ToxicWrapper")
        attributes, toxicity = attributes_from(given, toxic.attributes), _share(given, toxic.toxicity)
        toxic = replace(toxic, attributes=attributes, toxicity=toxicity)
        proxy.change_toxic(toxic)
        return answer(toxic.shown())

    async def remove_toxic(self, request: web.Request) -> web.Response:
        """DELETE /proxies/{proxy}/toxics/{toxic}"""
        self._proxy(request).remove_toxic(request.match_info["toxic"])
        return web.Response(status=204)
