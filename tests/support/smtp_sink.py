#!/usr/bin/python3
"""A mail server that keeps what it is sent, for tests and the demo.

Each accepted message becomes one JSON line in --out: time, from, to, tls, user, headers, text, html, raw.
Prints "listening on 127.0.0.1:PORT" once it answers. Needs Debian's python3-aiosmtpd.

  smtp_sink.py --port 0 --out mails.jsonl
  smtp_sink.py --port 2525 --out mails.jsonl --tls-cert c.pem --tls-key k.pem          STARTTLS offered
  smtp_sink.py … --implicit-tls                                                        smtps
  smtp_sink.py … --auth user:secret                                                    AUTH PLAIN and LOGIN, required
  smtp_sink.py … --fail 451:2                                                          refuse the first two messages
"""
import argparse
import asyncio
import email
import email.policy
import json
import logging
import signal
import ssl
import time
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Recorder:
    def __init__(self, out, fail):
        self.out = out
        code, _, times = (fail or "0:0").partition(":")
        self.code, self.left = code, int(times or 1)

    async def handle_DATA(self, server, session, envelope):
        if self.left > 0:
            self.left -= 1
            return f"{self.code} refused on request"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {}
        for part in message.walk():
            if part.get_content_type() in ("text/plain", "text/html"):
                parts.setdefault(part.get_content_type(), part.get_content())
        record = {
            "time": time.time(),
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "hello": session.host_name,
            "tls": session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data.login.decode() if session.authenticated else None,
            "headers": [[name, str(value)] for name, value in message.items()],
            "text": parts.get("text/plain"),
            "html": parts.get("text/html"),
            "raw": envelope.content.decode("utf-8", "replace"),
        }
        with open(self.out, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        return "250 Message accepted for delivery"


def authenticator(wanted):
    def check(server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and f"{data.login.decode()}:{data.password.decode()}" == wanted
        # handled=False lets aiosmtpd send the 535 itself
        return AuthResult(success=good, handled=False, auth_data=data if good else None)

    return check


async def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--tls-cert")
    arguments.add_argument("--tls-key")
    arguments.add_argument("--implicit-tls", action="store_true")
    arguments.add_argument("--auth", metavar="USER:PASSWORD")
    arguments.add_argument("--fail", metavar="CODE:TIMES")
    options = arguments.parse_args()
    warnings.simplefilter("ignore")  # AUTH without TLS is what is asked for
    logging.getLogger("mail").setLevel(logging.CRITICAL)

    tls = None
    if options.tls_cert:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.tls_cert, options.tls_key)
    settings = {"hostname": "sink.example.com", "enable_SMTPUTF8": True}
    if tls and not options.implicit_tls:
        settings["tls_context"] = tls
    if options.auth:
        settings |= {"authenticator": authenticator(options.auth), "auth_required": True, "auth_require_tls": False}
    open(options.out, "a", encoding="utf-8").close()
    recorder = Recorder(options.out, options.fail)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(recorder, loop=loop, **settings),
        "127.0.0.1",
        options.port,
        ssl=tls if options.implicit_tls else None,
    )
    print(f"listening on 127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


asyncio.run(main())
