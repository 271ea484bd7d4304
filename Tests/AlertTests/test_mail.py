# SPDX-License-Identifier: Apache-2.0
"""A real mail server takes what it is sent: with and without encryption, with and without a password."""

import contextlib
import email
import email.policy
import socket
import ssl
import subprocess
import threading

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from alerting import destinations, watching

PASSWORD = "mail-password-of-nobody"


class Mailbox:
    def __init__(self):
        self.messages, self.logins = [], []

    async def handle_DATA(self, server, session, envelope):
        self.messages.append((envelope, session.ssl is not None))
        return "250 taken"

    def authenticate(self, server, session, envelope, mechanism, data):
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode(), session.ssl is not None))
        return AuthResult(success=data.password.decode() == PASSWORD, handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mail")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem",
         "-out", folder / "chain.pem"],
        check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory, certificate):
    with watching(tmp_path_factory.mktemp("server"), MAIL_PASSWORD=PASSWORD, WRONG="x" + PASSWORD,
                  SLIPWAY_CA_FILE=str(certificate / "chain.pem")) as one:
        yield one


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@contextlib.contextmanager
def mail_server(certificate, offers_encryption=True, from_the_start=False, **options):
    """Its mailbox, and its port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "chain.pem", certificate / "key.pem")
    box, port = Mailbox(), free_port()
    controller = Controller(
        box, hostname="127.0.0.1", port=port, ssl_context=context if from_the_start else None,
        tls_context=context if offers_encryption and not from_the_start else None, authenticator=box.authenticate,
        auth_require_tls=not from_the_start and offers_encryption, **options)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()


def add(server, name, scheme, port, *options, code=0):
    return server.slipway("alert", "to", "add", name, "--mail", f"{scheme}://localhost:{port}", "--from", "slipway@example.com",
                          "--to", "ops@example.com", "--to", "ml@example.com", *options, code=code)


def read(envelope):
    return email.message_from_bytes(envelope.content, policy=email.policy.default)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_mail_goes_over_tls_with_a_password(server, certificate, scheme):
    with mail_server(certificate, from_the_start=scheme == "smtps") as (box, port):
        add(server, f"secure-{scheme}", scheme, port, "--user", "ada", "--secret", "env:MAIL_PASSWORD")
        server.slipway("alert", "test", f"secure-{scheme}")
        ((envelope, is_encrypted),) = box.messages
        # aiosmtpd knows of no encryption that was there before it.
        assert [login[:2] for login in box.logins] == [("ada", PASSWORD)]
        assert is_encrypted or scheme == "smtps"
    assert (envelope.mail_from, envelope.rcpt_tos) == ("slipway@example.com", ["ops@example.com", "ml@example.com"])
    message = read(envelope)
    assert message["Subject"] == "[slipway] test: This is a test: nothing has happened."
    assert message["To"] == "ops@example.com, ml@example.com" and "slipway@example.com" in message["From"]
    assert message["Date"].datetime.utcoffset().total_seconds() == 0 and message["X-Slipway-Notice"] in message["Message-ID"]
    assert message["Auto-Submitted"] == "auto-generated"
    text = message.get_content()
    assert "nothing has happened" in text and "next: slipway alert list" in text
    assert all(len(line) <= 998 for line in envelope.content.split(b"\r\n"))


def test_no_password_is_sent_without_encryption(server, certificate):
    with mail_server(certificate, offers_encryption=False) as (box, port):
        add(server, "plain-password", "smtp", port, "--user", "ada", "--secret", "env:MAIL_PASSWORD")
        said = server.slipway("alert", "test", "plain-password", code=7).stdout
        assert "it offers no encryption, and no password is sent without" in said
        assert box.messages == box.logins == []
        add(server, "plain", "smtp", port)
        server.slipway("alert", "test", "plain")
        assert len(box.messages) == 1


def test_a_server_with_a_certificate_of_nobodys_is_not_spoken_to(server, certificate, tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", tmp_path / "key.pem",
                    "-out", tmp_path / "chain.pem"], check=True, capture_output=True)
    for scheme in ["smtp", "smtps"]:
        with mail_server(tmp_path, from_the_start=scheme == "smtps") as (box, port):
            add(server, f"untrusted-{scheme}", scheme, port, "--user", "ada", "--secret", "env:MAIL_PASSWORD")
            said = server.slipway("alert", "test", f"untrusted-{scheme}", code=7).stdout
            assert "its certificate is not trusted" in said, said
            assert box.messages == box.logins == []


def test_what_a_server_refuses_is_said_without_the_password(server, certificate):
    with mail_server(certificate) as (box, port):
        add(server, "wrong", "smtp", port, "--user", "ada", "--secret", "env:WRONG")
        said = server.slipway("alert", "test", "wrong", code=7)
        assert "it answers 535 to the login" in said.stdout and PASSWORD not in said.stdout + said.stderr
        assert box.messages == []
    assert PASSWORD not in server.log.read_text()


def talker(lines):
    """A server that says `lines` whatever it hears, and the port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            connection, _ = listening.accept()
            with connection:
                connection.sendall(lines)
                while connection.recv(4096):
                    pass

    threading.Thread(target=serve, daemon=True).start()
    return listening


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (b"", "it did not answer within 10 s"),
        (b"220 hello\r\n", "it did not answer within 10 s"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it does not speak SMTP"),
        (b"554 no\r\n", "it answers 554 to the connection"),
        (b"220-" + b"x" * 100_000, "it says more than a mail server does"),
        # Said before the encryption that it offers: by somebody in between.
        (b"220 hello\r\n250-hello\r\n250 STARTTLS\r\n220 go\r\n250 forged\r\n", "it speaks before the encryption begins"),
    ],
    ids=["silent", "slow", "http", "refuses", "floods", "forged"])
def test_what_is_no_mail_server_is_left(server, said, problem, request):
    name = f"no-{request.node.callspec.id}"
    with talker(said) as listening:
        add(server, name, "smtp", listening.getsockname()[1])
        told = server.slipway("alert", "test", name, code=7).stdout
        assert problem in told, told
    assert destinations(server)[name]["waiting"] == 0
