"""A proxy for TCP links that speaks Toxiproxy's HTTP API, and a client for it.

`toxics` says what a toxic does to one direction of one connection; `link` moves the bytes through them; `proxies` holds the listening
proxies; `api` is their HTTP interface; `client` drives such a server, ours or the real one (https://github.com/Shopify/toxiproxy).
"""
