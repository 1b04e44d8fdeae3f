"""What the end-to-end tests share: the real binary as a process, subscribers, raw HTTP, and how a test is
run and skipped. Only what Python 3.9 brings; loopback and free ports only."""

import base64
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SLUICE = os.environ.get("SLUICE_BINARY", os.path.join(ROOT, "build", "sluice"))
PATIENCE_S = 30.0  # For what is expected to happen; a test that passes does not wait for it.


def eventually(check, what, patience_s=PATIENCE_S):
    """Waits until `check()` gives something true, and gives it back."""
    end = time.monotonic() + patience_s
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"did not happen within {patience_s} s: {what}")
        time.sleep(0.01)


class Process:
    """The binary with arguments; its output is read line by line as it comes."""

    def __init__(self, *arguments, env=None):
        self.child = subprocess.Popen([SLUICE, *arguments], text=True, errors="replace",
                                      stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      env={**os.environ, **(env or {})})
        self.out, self.err = [], []
        self.readers = [threading.Thread(target=self._read, args=pair, daemon=True)
                        for pair in ((self.child.stdout, self.out), (self.child.stderr, self.err))]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    @property
    def pid(self):
        return self.child.pid

    def wait_for_line(self, lines, pattern):
        """The match of the first line that has `pattern`."""
        def check():
            for line in list(lines):
                match = re.search(pattern, line)
                if match:
                    return match
            if self.child.poll() is not None and not any(r.is_alive() for r in self.readers):
                raise AssertionError(f"ended with {self.child.returncode}: " + "\n".join(self.err))
            return None
        return eventually(check, f"a line with {pattern} in {lines}")

    def terminate(self, patience_s=PATIENCE_S):
        """SIGTERM, and the exit status."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        return self.wait(patience_s)

    def wait(self, patience_s=PATIENCE_S):
        try:
            status = self.child.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"did not end within {patience_s} s: " + "\n".join(self.err[-20:]))
        for reader in self.readers:
            reader.join()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        for reader in self.readers:
            reader.join()
        self.child.stdout.close()
        self.child.stderr.close()


class Broker(Process):
    """`sluice serve` on free ports, up when the constructor returns."""

    def __init__(self, manifest=None, *flags, path=None, env=None):
        self.directory = None
        if path is None:
            self.directory = tempfile.TemporaryDirectory(prefix="sluice-e2e-")
            path = os.path.join(self.directory.name, "manifest.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(manifest)
        super().__init__("serve", "-f", path, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                         *flags, env=env)
        ready = self.wait_for_line(self.err, r"serve\.ready listen=http://127\.0\.0\.1:(\d+) "
                                             r"admin=http://127\.0\.0\.1:(\d+)")
        self.port, self.admin = int(ready[1]), int(ready[2])

    def __exit__(self, *arguments):
        super().__exit__(*arguments)
        if self.directory:
            self.directory.cleanup()

    def post(self, path, headers, body=b""):
        """(status, headers, body) of one POST on a connection of its own."""
        return request(self.port, "POST", path, headers, body)

    def send(self, path="/default/default", id_="1", type_="com.example.test", source="/e2e",
             data=b"{}", **extensions):
        """Sends one event in binary mode; the status."""
        headers = {"ce-specversion": "1.0", "ce-id": id_, "ce-type": type_, "ce-source": source,
                   "content-type": "application/json"}
        headers.update({f"ce-{name}": value for name, value in extensions.items()})
        return self.post(path, headers, data)[0]

    def admin_get(self, path):
        return request(self.admin, "GET", path)

    def metric(self, name, **labels):
        """The sum of the samples of `name` that have these labels."""
        total = 0.0
        for line in self.admin_get("/metrics")[2].decode().splitlines():
            match = re.match(r"([a-z_]+)(?:\{(.*)\})? (\S+)$", line)
            if not match or match[1] != name:
                continue
            found = dict(re.findall(r'(\w+)="([^"]*)"', match[2] or ""))
            if all(found.get(key) == value for key, value in labels.items()):
                total += float(match[3])
        return total

    def rss_bytes(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) * 1024


class Display(Process):
    """`sluice display` on a free port; `events()` is what it printed, as JSON."""

    def __init__(self, *flags):
        super().__init__("display", "--listen", "127.0.0.1:0", "-o", "json", *flags)
        self.url = self.wait_for_line(self.err, r"listening on (http://\S+)")[1]

    def events(self):
        return [json.loads(line) for line in list(self.out)]


def request(port, method, path, headers=None, body=b""):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, dict((k.lower(), v) for k, v in response.getheaders()), response.read()
    finally:
        connection.close()


class Subscriber:
    """An HTTP server that keeps what it receives. `answer(headers, body)` gives (status, headers, body)."""

    def __init__(self, answer=None):
        self.received = []
        self.lock = threading.Lock()
        subscriber = self

        class Connection(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self):
                with contextlib.suppress(OSError, ValueError):
                    while subscriber.serve(self.rfile, self.wfile):
                        pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 128

        self.answer = answer or (lambda headers, body: (202, {}, b""))
        self.server = Server(("127.0.0.1", 0), Connection)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def serve(self, reader, writer):
        """One request; False at the end of the connection."""
        if not reader.readline():
            return False
        headers = {}
        for line in iter(reader.readline, b"\r\n"):
            if not line:
                return False
            name, value = line.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        body = reader.read(int(headers.get("content-length", 0)))
        with self.lock:
            self.received.append((headers, body))
        status, more, answer = self.answer(headers, body)
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(answer)}"]
        lines += [f"{name}: {value}" for name, value in more.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + answer)
        writer.flush()
        return True

    def ids(self):
        with self.lock:
            return [headers.get("ce-id") for headers, _ in self.received]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def service(name, url):
    return (f"apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  annotations:\n"
            f"    sluice.dev/url: {url}\n")


def broker(name="default", spec=""):
    return f"apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata:\n  name: {name}\n{spec}"


def trigger(name, subscriber, filters="", delivery="", annotations=""):
    return (f"apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata:\n  name: {name}\n"
            f"{annotations}spec:\n  broker: default\n{filters}{delivery}"
            f"  subscriber:\n    ref: {{apiVersion: v1, kind: Service, name: {subscriber}}}\n")


def documents(*parts):
    return "---\n".join(parts)


def closed_port():
    """A port that nothing listens on, for now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def decoded(text):
    return base64.b64decode(text)


def skip_all(reason):
    """Ends the program as ctest's "skipped", with the reason for the count at the end."""
    print(f"skipped: {reason}")
    sys.exit(77)


def main():
    """Runs the tests of the calling module."""
    if not os.path.exists(SLUICE):
        print(f"there is no {SLUICE}: build it, or set SLUICE_BINARY")
        sys.exit(1)
    unittest.main(module="__main__", verbosity=2)
