#!/usr/bin/env python3
"""What a process may run out of: descriptors, and somebody who reads its log. Neither loses an event nor
stops the others."""

import fcntl
import json
import os
import resource
import socket
import subprocess
import tempfile
import unittest

import support
from support import Subscriber, broker, documents, eventually, request, service, trigger


class Served:
    """`sluice serve` whose standard error is a pipe that the test may leave unread."""

    def __init__(self, manifest, *flags, descriptors=None, pipe_bytes=None):
        self.directory = tempfile.TemporaryDirectory(prefix="sluice-e2e-")
        path = os.path.join(self.directory.name, "manifest.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(manifest)

        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        self.child = subprocess.Popen(
            [support.SLUICE, "serve", "-f", path, "--listen", "127.0.0.1:0", "--admin",
             "127.0.0.1:0", "--threads", "1", *flags], stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL, text=True, preexec_fn=limit if descriptors else None)
        if pipe_bytes:
            fcntl.fcntl(self.child.stderr, fcntl.F_SETPIPE_SZ, pipe_bytes)
        ports = {}
        while "admin" not in ports:
            line = self.child.stderr.readline()
            if line.startswith("{") and "serve.ready" in line:
                ports = json.loads(line)
            elif "serve.ready" in line:
                ports = dict(word.split("=", 1) for word in line.split() if "=" in word)
        self.port = int(ports["listen"].rsplit(":", 1)[1])
        self.admin = int(ports["admin"].rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.child.stderr.close()
        self.directory.cleanup()

    def send(self, id_):
        return request(self.port, "POST", "/default/default", {
            "ce-specversion": "1.0", "ce-id": id_, "ce-type": "t", "ce-source": "/limits"}, b"")[0]


class Log(unittest.TestCase):
    def test_json_lines_have_the_fields_of_the_text(self):
        with Served(broker(), "--log-format", "json") as server:
            server.child.terminate()
            lines = [json.loads(line) for line in server.child.stderr if line.startswith("{")]
            self.assertEqual(server.child.wait(20), 0)
        stopped = lines[-1]
        self.assertEqual(stopped["event"], "serve.stopped")
        self.assertEqual(stopped["undelivered"], "0")
        self.assertEqual(stopped["level"], "info")


class Limits(unittest.TestCase):
    def test_idle_producers_leave_descriptors_for_deliveries(self):
        with Subscriber() as subscriber:
            manifest = documents(broker(), service("s", subscriber.url),
                                 trigger("t", "s", delivery="  delivery: {retry: 0}\n"))
            with Served(manifest, descriptors=64) as server:
                producer = socket.create_connection(("127.0.0.1", server.port))
                idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
                producer.sendall(b"POST /default/default HTTP/1.1\r\nHost: x\r\nce-specversion: 1.0\r\n"
                                 b"ce-id: 1\r\nce-type: t\r\nce-source: /s\r\nContent-Length: 0\r\n\r\n")
                self.assertTrue(producer.recv(100).startswith(b"HTTP/1.1 202"))
                eventually(lambda: subscriber.ids() == ["1"], "the delivery")
                for connection in [producer, *idle]:
                    connection.close()

    def test_a_log_that_nobody_reads_stops_nobody(self):
        def failing(headers, body):
            return 503, {}, b""

        with Subscriber(failing) as subscriber:
            manifest = documents(broker(), service("s", subscriber.url), trigger(
                "t", "s", delivery="  delivery: {retry: 3, backoffPolicy: linear, backoffDelay: PT0.001S}\n"))
            with Served(manifest, "--log-level", "debug", pipe_bytes=4096) as server:
                for number in range(200):
                    self.assertEqual(server.send(str(number)), 202)
                eventually(lambda: len(subscriber.received) == 800, "every attempt")
                self.assertEqual(request(server.admin, "GET", "/healthz")[0], 200)
                server.child.terminate()
                self.assertEqual(server.child.wait(20), 0)


if __name__ == "__main__":
    support.main()
