#!/usr/bin/env python3
"""What is no good request, as raw bytes on a socket: its status, the part of `detail` that names what is
wrong, and whether the connection closes. After every row a good event must still be taken: on the same
connection where it stays open, on a new one where it closes."""

import json
import re
import socket
import subprocess
import time
import unittest

import support
from support import Broker, Subscriber, broker, documents, eventually, service, trigger

MIB = 1024 * 1024
EVENT = ["ce-specversion: 1.0", "ce-id: 1", "ce-type: t", "ce-source: /s"]


def raw(*lines, start="POST /default/default HTTP/1.1", host="Host: x", event=True, body="{}",
        length=True):
    """A request with these extra header lines; everything else is right unless said otherwise."""
    body = body if isinstance(body, bytes) else body.encode()
    head = [start] + ([host] if host else []) + (EVENT if event else []) + list(lines)
    if length:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def without(name, *more):
    """A binary event that lacks one header line, or has another in its place."""
    lines = [line for line in EVENT if not line.startswith(name + ":")]
    return raw(*lines, *more, event=False)


def chunked(body, *lines):
    return raw("Transfer-Encoding: chunked", *lines, body=body, length=False)


def structured(text, content_type="application/cloudevents+json"):
    return raw(f"Content-Type: {content_type}", event=False, body=text)


def members(**changes):
    """A structured event with members changed; None takes one out, Ellipsis-free."""
    event = {"specversion": "1.0", "id": "1", "type": "t", "source": "/s", **changes}
    return structured(json.dumps({k: v for k, v in event.items() if v is not None}))


GOOD = raw()

# name, request, status, part of the detail. The connection closes: the framing cannot be trusted.
CLOSING = [
    ("content-length then chunked", raw("Transfer-Encoding: chunked"), 400, ""),
    ("chunked then content-length",
     raw("Transfer-Encoding: chunked", "Content-Length: 2", length=False, body="0\r\n\r\n"), 400, ""),
    ("transfer-encoding gzip", raw("Transfer-Encoding: gzip", length=False), 400, "Transfer-Encoding"),
    ("transfer-encoding identity", raw("Transfer-Encoding: identity"), 400, "Transfer-Encoding"),
    ("transfer-encoding xchunked", raw("Transfer-Encoding: xchunked", length=False), 400, ""),
    ("transfer-encoding chunked twice",
     raw("Transfer-Encoding: chunked, chunked", length=False, body="0\r\n\r\n"), 400, ""),
    ("transfer-encoding gzip, chunked",
     raw("Transfer-Encoding: gzip, chunked", length=False, body="0\r\n\r\n"), 400, ""),
    ("transfer-encoding chunked, gzip",
     raw("Transfer-Encoding: chunked, gzip", length=False, body="0\r\n\r\n"), 400, ""),
    ("two transfer-encodings",
     raw("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", length=False, body="0\r\n\r\n"),
     400, ""),
    ("transfer-encoding, empty", raw("Transfer-Encoding:", length=False), 400, ""),
    ("transfer-encoding with a parameter", raw("Transfer-Encoding: chunked;x=1", length=False), 400, ""),
    ("transfer-encoding on 1.0",
     raw("Transfer-Encoding: chunked", start="POST /default/default HTTP/1.0", length=False,
         body="0\r\n\r\n"), 400, ""),
    ("content-length twice, equal", raw("Content-Length: 2"), 400, ""),
    ("content-length twice, different", raw("Content-Length: 3"), 400, ""),
    ("content-length +2", raw("Content-Length: +2", length=False), 400, ""),
    ("content-length -1", raw("Content-Length: -1", length=False), 400, ""),
    ("content-length in hex", raw("Content-Length: 0x2", length=False), 400, ""),
    ("content-length, a list", raw("Content-Length: 2,2", length=False), 400, ""),
    ("content-length, two numbers", raw("Content-Length: 2 2", length=False), 400, ""),
    ("content-length, a word", raw("Content-Length: two", length=False), 400, ""),
    ("content-length, empty", raw("Content-Length:", length=False), 400, ""),
    ("content-length past 64 bits", raw("Content-Length: 99999999999999999999", length=False), 400, ""),
    ("no host", raw(host=None), 400, "Host"),
    ("two hosts", raw("Host: y"), 400, "Host"),
    ("folded header line", raw("x-a: 1\r\n  2"), 400, ""),
    ("folded with a tab", raw("x-a: 1\r\n\t2"), 400, ""),
    ("space before the colon", raw("x-a : 1"), 400, ""),
    ("header line without a colon", raw("x-a"), 400, ""),
    ("header line without a name", raw(": 1"), 400, ""),
    ("space in a header name", raw("x a: 1"), 400, ""),
    ("NUL in a header value", raw("x-a: 1\x002"), 400, ""),
    ("bare CR in a header value", raw("x-a: 1\r2"), 400, ""),
    ("DEL in a header name", raw("x\x7f: 1"), 400, ""),
    ("no such protocol", raw(start="POST /default/default HTTQ/1.1"), 400, ""),
    ("lower-case protocol", raw(start="POST /default/default http/1.1"), 400, ""),
    ("HTTP/2.0 in so many words", raw(start="POST /default/default HTTP/2.0"), 400, ""),
    ("HTTP/1.1 and more", raw(start="POST /default/default HTTP/1.10"), 400, ""),
    ("no protocol", raw(start="POST /default/default"), 400, ""),
    ("no target", raw(start="POST HTTP/1.1"), 400, ""),
    ("space in the target", raw(start="POST /default/de fault HTTP/1.1"), 400, ""),
    ("control character in the target", raw(start="POST /default/\x01 HTTP/1.1"), 400, ""),
    ("control character in the method", raw(start="PO\x01ST /default/default HTTP/1.1"), 400, ""),
    ("not HTTP at all", b"hello there\r\n\r\n", 400, ""),
    ("a TLS client", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, ""),
    ("chunk size, no number", chunked("zz\r\nab\r\n0\r\n\r\n"), 400, ""),
    ("chunk size, negative", chunked("-1\r\nab\r\n0\r\n\r\n"), 400, ""),
    ("chunk size past 64 bits", chunked("fffffffffffffffff\r\nab\r\n0\r\n\r\n"), 400, ""),
    ("chunk without its line end", chunked("2\r\n{}0\r\n\r\n"), 400, ""),
    ("chunk longer than its size", chunked("1\r\n{}\r\n0\r\n\r\n"), 400, ""),
    ("chunk extension over 1 KiB", chunked("2;" + "x" * 2000 + "\r\n{}\r\n0\r\n\r\n"), 400, ""),
    ("header block over 32 KiB", raw(*[f"x-{i}: " + "y" * 1000 for i in range(40)]), 431, ""),
    ("one header over 32 KiB", raw("x: " + "y" * 40000), 431, ""),
    ("target over 8 KiB", raw(start=f"POST /{'x' * 9000} HTTP/1.1"), 414, ""),
    ("body over the limit, said", raw("Content-Length: 1048577", length=False, body=""), 413, ""),
    ("body over the limit, not said",
     chunked(b"".join(b"10000\r\n" + b"x" * 65536 + b"\r\n" for _ in range(17)) + b"0\r\n\r\n"), 413, ""),
]

# The request was whole, so the connection stays.
OPEN = [
    ("GET", raw(start="GET /default/default HTTP/1.1"), 405, "GET"),
    ("PUT", raw(start="PUT /default/default HTTP/1.1"), 405, "PUT"),
    ("DELETE", raw(start="DELETE /default/default HTTP/1.1"), 405, ""),
    ("PATCH", raw(start="PATCH /default/default HTTP/1.1"), 405, ""),
    ("lower-case post", raw(start="post /default/default HTTP/1.1"), 405, ""),
    ("GET of nothing", raw(start="GET /nothing HTTP/1.1"), 405, ""),
    ("the root", raw(start="POST / HTTP/1.1"), 404, ""),
    ("a namespace", raw(start="POST /default HTTP/1.1"), 404, ""),
    ("no such broker", raw(start="POST /default/nobody HTTP/1.1"), 404, "/default/nobody"),
    ("no such namespace", raw(start="POST /other/default HTTP/1.1"), 404, ""),
    ("two trailing slashes", raw(start="POST /default/default// HTTP/1.1"), 404, ""),
    ("upper case", raw(start="POST /default/Default HTTP/1.1"), 404, ""),
    ("below a broker", raw(start="POST /default/default/x HTTP/1.1"), 404, ""),
    ("no such path, nor an event", raw(start="POST /nothing HTTP/1.1", event=False), 404, ""),
    ("OPTIONS of nothing", raw(start="OPTIONS /nothing HTTP/1.1"), 404, ""),
    ("no event at all", raw("Content-Type: application/json", event=False), 400, "specversion"),
    ("no specversion", without("ce-specversion"), 400, "specversion"),
    ("no id", without("ce-id"), 400, "id"),
    ("no source", without("ce-source"), 400, "source"),
    ("no type", without("ce-type"), 400, "type"),
    ("empty id", without("ce-id", "ce-id:"), 400, "id"),
    ("blank id", without("ce-id", "ce-id: %20"), 400, "id"),
    ("blank source", without("ce-source", "ce-source: "), 400, "source"),
    ("blank type", without("ce-type", "ce-type: %20%20"), 400, "type"),
    ("specversion 2.0", without("ce-specversion", "ce-specversion: 2.0"), 400, "specversion"),
    ("specversion 1", without("ce-specversion", "ce-specversion: 1"), 400, "specversion"),
    ("source is no URI", without("ce-source", "ce-source: a b"), 400, "source"),
    ("source, broken escape", without("ce-source", "ce-source: /%25zz"), 400, "source"),
    ("the same attribute twice", raw("ce-id: 2"), 400, "id"),
    ("the same extension twice", raw("ce-a: 1", "CE-A: 2"), 400, "a"),
    ("underscore in a name", raw("ce-my_ext: 1"), 400, "my_ext"),
    ("hyphen in a name", raw("ce-my-ext: 1"), 400, "my-ext"),
    ("no name", raw("ce-: 1"), 400, ""),
    ("time, a word", raw("ce-time: yesterday"), 400, "time"),
    ("time without offset", raw("ce-time: 2024-05-01T12:34:56"), 400, "time"),
    ("time with a space", raw("ce-time: 2024-05-01 12:34:56Z"), 400, "time"),
    ("time, month 13", raw("ce-time: 2024-13-01T12:34:56Z"), 400, "time"),
    ("time, 30 February", raw("ce-time: 2024-02-30T12:34:56Z"), 400, "time"),
    ("dataschema, relative", raw("ce-dataschema: /schema"), 400, "dataschema"),
    ("dataschema, empty", raw("ce-dataschema:"), 400, "dataschema"),
    ("subject, blank", raw("ce-subject: %20"), 400, "subject"),
    ("subject, empty", raw("ce-subject:"), 400, "subject"),
    ("ce-datacontenttype", raw("ce-datacontenttype: text/plain"), 400, "datacontenttype"),
    ("content type without a slash", raw("Content-Type: json"), 400, ""),
    ("content type, empty", raw("Content-Type:"), 400, ""),
    ("broken percent sequence", raw("ce-a: %zz"), 400, "a"),
    ("half a percent sequence", raw("ce-a: 100%2"), 400, "a"),
    ("percent-encoded, not UTF-8", raw("ce-a: %ff"), 400, "a"),
    ("percent-encoded, overlong", raw("ce-a: %c0%af"), 400, "a"),
    ("percent-encoded surrogate", raw("ce-a: %ed%a0%80"), 400, "a"),
    ("header bytes, not UTF-8", raw("ce-a: \xff\xfe"), 400, "a"),
    ("control character", raw("ce-a: %0a"), 400, "a"),
    ("non-character", raw("ce-a: %ef%bf%be"), 400, "a"),
    ("hop count of 1", raw("ce-knativebrokerttl: 1"), 400, "knativebrokerttl"),
    ("hop count of 0", raw("ce-knativebrokerttl: 0"), 400, "knativebrokerttl"),
    ("XML", structured("<e/>", "application/cloudevents+xml"), 415, ""),
    ("avro", structured("x", "application/cloudevents+avro"), 415, ""),
    ("a format without a suffix", structured("{}", "application/cloudevents"), 415, ""),
    ("structured, empty body", structured(""), 400, ""),
    ("structured, no JSON", structured("hello"), 400, ""),
    ("structured, cut off", structured('{"specversion":"1.0","id":"1"'), 400, ""),
    ("structured, more behind it", structured(
        '{"specversion":"1.0","id":"1","type":"t","source":"/s"} x'), 400, ""),
    ("structured, an array", structured("[]"), 400, ""),
    ("structured, a string", structured('"event"'), 400, ""),
    ("structured, duplicate key", structured(
        '{"specversion":"1.0","id":"1","id":"2","type":"t","source":"/s"}'), 400, "id"),
    ("structured, not UTF-8", structured(
        b'{"specversion":"1.0","id":"\xff","type":"t","source":"/s"}'), 400, ""),
    ("structured, lone surrogate", structured(
        '{"specversion":"1.0","id":"\\ud800","type":"t","source":"/s"}'), 400, ""),
    ("structured, trailing comma", structured(
        '{"specversion":"1.0","id":"1","type":"t","source":"/s",}'), 400, ""),
    ("structured, too deep", structured(
        '{"specversion":"1.0","id":"1","type":"t","source":"/s","data":' + "[" * 5000 + "]" * 5000 + "}"),
     400, ""),
    ("structured, no id", members(id=None), 400, "id"),
    ("structured, numeric id", members(id=5), 400, "id"),
    ("structured, blank type", members(type=" "), 400, "type"),
    ("structured, specversion 3", members(specversion="3"), 400, "specversion"),
    ("structured, extension an object", members(ext={"a": 1}), 400, "ext"),
    ("structured, extension an array", members(ext=[1]), 400, "ext"),
    ("structured, extension 1.5", members(ext=1.5), 400, "ext"),
    ("structured, extension past 32 bits", members(ext=2147483648), 400, "ext"),
    ("structured, upper-case name", members(Ext="x"), 400, "Ext"),
    ("structured, data twice", members(data=1, data_base64="YQ=="), 400, "data_base64"),
    ("structured, bad base64", members(data_base64="%"), 400, "data_base64"),
    ("structured, base64 a number", members(data_base64=5), 400, "data_base64"),
    ("structured, bad time", members(time="now"), 400, "time"),
    ("structured, control character", members(subject="a\nb"), 400, "subject"),
]

# What looks odd and is right.
TAKEN = [
    ("HTTP/1.0", raw(start="POST /default/default HTTP/1.0")),
    ("HTTP/1.0 without Host", raw(start="POST /default/default HTTP/1.0", host=None)),
    ("one trailing slash", raw(start="POST /default/default/ HTTP/1.1")),
    ("a query", raw(start="POST /default/default?a=b HTTP/1.1")),
    ("an absolute target", raw(start="POST http://x/default/default HTTP/1.1")),
    ("chunked", chunked("1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")),
    ("Chunked", raw("transfer-encoding: ChUnKeD", body="2\r\n{}\r\n0\r\n\r\n", length=False)),
    ("chunked, small extension", chunked("2;a=b\r\n{}\r\n0\r\n\r\n")),
    ("chunked, trailer", chunked("2\r\n{}\r\n0\r\nce-id: evil\r\n\r\n")),
    ("no body", raw(body="")),
    ("leap second", raw("ce-time: 2016-12-31T23:59:60Z")),
    ("percent-encoded", raw("ce-a: Euro%20%E2%82%AC")),
    ("UTF-8 in a header", raw("ce-a: \xc3\xa9")),
    ("specversion 0.3", without("ce-specversion", "ce-specversion: 0.3")),
    ("data: null", members(data="")),
    ("structured with charset", structured('{"specversion":"1.0","id":"1","type":"t","source":"/s"}',
                                           "application/cloudevents+json; charset=utf-8")),
    ("upper-case names", raw("CE-EXT: 1")),
    ("hop count of 2", raw("ce-knativebrokerttl: 2")),
    ("hop count, a word", raw("ce-knativebrokerttl: many")),
    ("exactly the limit", raw(body="x" * MIB)),
]


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), support.PATIENCE_S)
        self.rest = b""

    def ask(self, request):
        """(status, headers, body) of the next response, or None when the connection closes."""
        try:
            self.socket.sendall(request)
        except OSError:
            pass  # The answer may be here all the same.
        return self.response()

    def response(self):
        while b"\r\n\r\n" not in self.rest:
            if not self.more():
                return None
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip()
                   for name, value in (line.split(":", 1) for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        while len(self.rest) < length and self.more():
            pass
        body, self.rest = self.rest[:length], self.rest[length:]
        return int(lines[0].split()[1]), headers, body

    def more(self):
        try:
            got = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self.rest += got
        return bool(got)

    def closed(self):
        """Whether the peer closes now, having said nothing more."""
        while self.more():
            pass
        return not self.rest

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


class MalformedHttp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Broker(broker(), "--header-timeout", "PT1S", "--body-timeout", "PT1S",
                            "--idle-timeout", "PT2S").__enter__()

    @classmethod
    def tearDownClass(cls):
        status = cls.server.terminate()
        output = "\n".join(cls.server.err)
        cls.server.__exit__()
        assert status == 0, f"exit {status}: {output}"  # A sanitizer's finding, or a crash.

    def connect(self):
        return Connection(self.server.port)

    def check_problem(self, answer, status, detail):
        self.assertIsNotNone(answer, "closed without an answer")
        self.assertEqual(answer[0], status, answer)
        self.assertEqual(answer[1].get("content-type"), "application/problem+json", answer)
        problem = json.loads(answer[2])
        self.assertEqual(problem["status"], status)
        self.assertIn(detail.lower(), problem["detail"].lower())
        self.assertNotIn("\n", problem["detail"])

    def test_framing_that_cannot_be_trusted_closes_the_connection(self):
        for name, request, status, detail in CLOSING:
            with self.subTest(name), self.connect() as connection:
                answer = connection.ask(request + GOOD)
                self.check_problem(answer, status, detail)
                self.assertTrue(connection.closed(), "a second request was served")

    def test_a_bad_event_or_path_leaves_the_connection_open(self):
        for name, request, status, detail in OPEN:
            with self.subTest(name), self.connect() as connection:
                self.check_problem(connection.ask(request), status, detail)
                again = connection.ask(GOOD)
                self.assertIsNotNone(again, "the connection closed")
                self.assertEqual(again[0], 202)

    def test_what_looks_odd_and_is_right_is_taken(self):
        for name, request in TAKEN:
            with self.subTest(name), self.connect() as connection:
                answer = connection.ask(request)
                self.assertEqual(answer and answer[0], 202, answer)
                self.assertEqual(answer[2], b"")

    def test_405_says_what_is_allowed(self):
        with self.connect() as connection:
            answer = connection.ask(raw(start="GET /default/default HTTP/1.1"))
            self.assertEqual(sorted(re.split(r",\s*", answer[1]["allow"])), ["OPTIONS", "POST"])

    def test_head_has_no_body(self):
        with self.connect() as connection:
            connection.socket.sendall(raw(start="HEAD /default/default HTTP/1.1"))
            while b"\r\n\r\n" not in connection.rest:
                self.assertTrue(connection.more())
            head, connection.rest = connection.rest.split(b"\r\n\r\n", 1)
            self.assertIn(b" 405 ", head.split(b"\r\n")[0] + b" ")
            self.assertEqual(connection.ask(GOOD)[0], 202, "bytes of a body came behind the head")

    def test_options_answers_the_webhook_question(self):
        with self.connect() as connection:
            answer = connection.ask(raw("WebHook-Request-Origin: a.example",
                                        start="OPTIONS /default/default HTTP/1.1", body=""))
            self.assertEqual(answer[0], 200)
            self.assertEqual(answer[1]["allow"], "POST, OPTIONS")
            self.assertEqual(answer[1]["webhook-allowed-origin"], "*")
            self.assertEqual(answer[1]["webhook-allowed-rate"], "*")

    def test_pipelined_requests_are_answered_in_order(self):
        with self.connect() as connection:
            bad = raw(start="GET /default/default HTTP/1.1")
            connection.socket.sendall(GOOD + bad + GOOD)
            self.assertEqual([connection.response()[0] for _ in range(3)], [202, 405, 202])

    def test_a_request_in_single_bytes_is_taken(self):
        with self.connect() as connection:
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in GOOD:
                connection.socket.sendall(bytes([byte]))
            self.assertEqual(connection.response()[0], 202)

    def test_expect_continue_is_answered(self):
        with self.connect() as connection:
            head, body = raw("Expect: 100-continue").split(b"\r\n\r\n", 1)
            self.assertEqual(connection.ask(head + b"\r\n\r\n")[0], 100)
            self.assertEqual(connection.ask(body)[0], 202)

    def test_http_1_0_closes_unless_keep_alive_was_asked(self):
        old = "POST /default/default HTTP/1.0"
        with self.connect() as connection:
            self.assertEqual(connection.ask(raw(start=old))[0], 202)
            self.assertTrue(connection.closed())
        with self.connect() as connection:
            self.assertEqual(connection.ask(raw("Connection: keep-alive", start=old))[0], 202)
            self.assertEqual(connection.ask(raw(start=old))[0], 202)

    def test_connection_close_closes(self):
        with self.connect() as connection:
            self.assertEqual(connection.ask(raw("Connection: close"))[0], 202)
            self.assertTrue(connection.closed())

    def test_a_header_that_does_not_end_is_408(self):
        with self.connect() as connection:
            self.check_problem(connection.ask(GOOD[:30]), 408, "")
            self.assertTrue(connection.closed())

    def test_a_header_that_drips_is_408_as_well(self):
        with self.connect() as connection:
            begin = time.monotonic()
            for byte in GOOD[:40]:
                try:
                    connection.socket.sendall(bytes([byte]))
                except OSError:
                    break
                time.sleep(0.05)  # The slow producer itself; nothing is waited for.
            self.check_problem(connection.response(), 408, "")
            self.assertLess(time.monotonic() - begin, 10)

    def test_a_body_that_does_not_come_is_408(self):
        for request in (raw("Content-Length: 100", length=False, body="{"), chunked("5\r\n{")):
            with self.connect() as connection:
                self.check_problem(connection.ask(request), 408, "")
                self.assertTrue(connection.closed())

    def test_an_idle_connection_closes_without_a_word(self):
        for first in (b"", GOOD):
            with self.connect() as connection:
                if first:
                    self.assertEqual(connection.ask(first)[0], 202)
                self.assertTrue(connection.closed())

    def test_a_producer_that_goes_away_in_the_middle_costs_nothing(self):
        for length in (1, 20, len(GOOD) - 1):
            with self.connect() as connection:
                connection.socket.sendall(GOOD[:length])
        with self.connect() as connection:
            self.assertEqual(connection.ask(GOOD)[0], 202)

    def test_404_is_decided_before_the_body(self):
        with self.connect() as connection:
            answer = connection.ask(raw("Content-Length: 99999999", length=False, body="",
                                        start="POST /default/nobody HTTP/1.1"))
            self.check_problem(answer, 404, "")


class FullChannel(unittest.TestCase):
    def test_a_full_channel_is_429_with_retry_after(self):
        with Subscriber(lambda headers, body: (time.sleep(5), (202, {}, b""))[1]) as slow:
            manifest = documents(
                broker(spec="").replace("  name: default\n",
                                        "  name: default\n  annotations:\n"
                                        "    sluice.dev/capacity-events: \"3\"\n"),
                service("s", slow.url), trigger("t", "s"))
            with Broker(manifest, "--drain-timeout", "PT0S") as server:
                self.assertEqual([server.send(id_=str(i)) for i in range(3)], [202] * 3)
                status, headers, body = server.post("/default/default", dict(
                    line.split(": ") for line in EVENT))
                self.assertEqual(status, 429, body)
                self.assertIn("retry-after", headers)
                self.assertEqual(server.metric("sluice_ingress_events_total", code="429"), 1)


if __name__ == "__main__":
    support.main()
