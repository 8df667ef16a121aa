"""A mail relay for tests: aiosmtpd with STARTTLS and AUTH both required.

Prints one line of JSON when it listens ({"port": …}) and one for each event: a message, parsed by Python's own e-mail
package, or a connection. What happens to a recipient is told by the address: refused@ is refused for good (550), busy@
for now (451), full@ after the whole message (452), spam@ after the whole message (554), silent@ gets no answer after the
final dot, cut@ gets the line cut there. Ends when its standard input does.
"""

import asyncio
import email
import email.policy
import json
import logging
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def say(**event):
    print(json.dumps(event), flush=True)


def authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"rostrum", b"p:w/d %")
    return AuthResult(success=known, handled=False)


def described(message):
    parts = []
    for part in message.walk():
        body = None if part.is_multipart() else part.get_payload(decode=True).decode("utf-8", "replace")
        parts.append({"type": part.get_content_type(), "header": str(part["Content-Type"]),
                      "params": dict(part["Content-Type"].params), "name": part.get_filename(), "body": body,
                      "defects": [str(defect) for defect in part.defects]})
    return {"headers": [[name, str(value)] for name, value in message.items()], "parts": parts}


class Relay:
    async def handle_RCPT(self, server, session, envelope, address, options):
        local = address.split("@")[0]
        if local == "refused":
            return "550 5.1.1 no such mailbox"
        if local == "busy":
            return "451 4.7.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        locals_ = {address.split("@")[0] for address in envelope.rcpt_tos}
        if "full" in locals_:
            return "452 4.2.2 mailbox full"
        if "spam" in locals_:
            return "554 5.7.1 not wanted"
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        say(event="message", mail_from=envelope.mail_from, rcpt_to=envelope.rcpt_tos, tls=session.ssl is not None,
            authenticated=bool(session.authenticated), raw=envelope.original_content.decode("latin-1"),
            **described(message))
        if "silent" in locals_:
            await asyncio.sleep(3600)
        if "cut" in locals_:
            server.transport.abort()
        return "250 OK"


class Counted(SMTP):
    def connection_made(self, transport):
        if self.transport is None:
            say(event="connection")
        super().connection_made(transport)


async def main(certificate, key):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    handler = Relay()

    def serve():
        return Counted(handler, hostname="relay.example.edu", tls_context=tls, require_starttls=True,
                       auth_required=True, authenticator=authenticate, enable_SMTPUTF8=False)

    listener = await asyncio.get_running_loop().create_server(serve, host="127.0.0.1", port=0)
    say(event="listening", port=listener.sockets[0].getsockname()[1])
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    listener.close()


# What goes wrong is what the tests look at; the server's own view of it would only clutter their output.
logging.disable(logging.CRITICAL)
asyncio.run(main(*sys.argv[1:]))
