"""Real servers for tests: redis-server, and Apache Kafka's own broker (KRaft mode) from Maven Central's jars.
Each runs on free loopback ports with a data directory of its own, and is ended by its process id. Only what
Python 3.9 brings.

As a program: servers.py with-kafka COMMAND... runs a command with SLUICE_TEST_KAFKA=HOST:PORT of a broker, and ends
the broker. Several commands are separated by `--`. Exit status 77: Kafka cannot be had here; the reason is on a line
"skipped: ..."."""

import contextlib
import fcntl
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
JARS = os.path.join(ROOT, ".cache", "kafka")
CLUSTER_ID = "c2x1aWNlLXRlc3RzLTAwMQ"
PATIENCE_S = 60.0


class Unavailable(Exception):
    """A server that cannot be had here, and why."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """A process with a data directory, which can be killed and started again on the same port and data."""

    def __init__(self, prefix):
        self.directory = tempfile.mkdtemp(prefix=prefix)
        self.port = free_port()
        self.child = None

    def command(self):
        raise NotImplementedError

    def is_up(self):
        return accepts(self.port)

    def start(self):
        log = os.path.join(self.directory, "log")
        with open(log, "ab") as output:
            self.child = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                          cwd=self.directory, start_new_session=True)
        end = time.monotonic() + PATIENCE_S
        while not self.is_up():
            if self.child.poll() is not None or time.monotonic() > end:
                self.kill()
                with open(log, encoding="utf-8", errors="replace") as text:
                    raise RuntimeError(f"{self.command()[0]} did not start:\n" + text.read()[-3000:])
            time.sleep(0.02)
        return self

    def kill(self):
        """As if the machine had lost it: SIGKILL."""
        if self.child and self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    def close(self):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()


class Redis(Server):
    """redis-server; `appendfsync` is "no" (no append-only file), "everysec" or "always"."""

    def __init__(self, appendfsync="always", *options):
        if not shutil.which("redis-server"):
            raise Unavailable("redis-server is not installed")
        super().__init__("sluice-redis-")
        self.appendfsync, self.options = appendfsync, options

    @property
    def address(self):
        return f"redis://127.0.0.1:{self.port}"

    def command(self):
        durable = self.appendfsync != "no"
        return ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", self.directory,
                "--save", "", "--appendonly", "yes" if durable else "no",
                *(["--appendfsync", self.appendfsync] if durable else []), *self.options]

    def is_up(self):
        return accepts(self.port) and self.cli("PING") == "PONG"

    def cli(self, *command):
        ran = subprocess.run(["redis-cli", "-p", str(self.port), *command], stdin=subprocess.DEVNULL, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return ran.stdout.rstrip("\n")


def install_kafka():
    """Puts the jars in place on first use."""
    if not shutil.which("java"):
        raise Unavailable("java is not installed (Kafka's server needs 17)")
    wanted = os.path.join(HERE, "pom.xml")
    made = os.path.join(JARS, "complete")
    with open(wanted, encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(made) and os.path.getmtime(made) >= os.path.getmtime(wanted):
            return
        if not shutil.which("mvn"):
            raise Unavailable("maven is not installed, which brings Kafka's server")
        shutil.rmtree(JARS, ignore_errors=True)
        command = ["mvn", "-q", "-B", "-f", wanted, "-Dmaven.repo.local=" + os.path.join(ROOT, ".cache", "m2"),
                   "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=" + JARS]
        try:
            ran = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 text=True, timeout=400, check=False)
        except subprocess.TimeoutExpired as late:
            raise Unavailable("Maven Central did not bring Kafka's server within 400 s") from late
        if ran.returncode != 0:
            raise Unavailable("Maven Central did not bring Kafka's server: " + ran.stdout.strip()[-300:])
        with open(made, "w", encoding="utf-8"):
            pass


class Kafka(Server):
    """A single broker that is its own controller."""

    def __init__(self, **settings):
        install_kafka()
        super().__init__("sluice-kafka-")
        self.controller_port = free_port()
        self.config = os.path.join(self.directory, "server.properties")
        self.configure(settings)
        formatted = subprocess.run([*self._java(), "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c",
                                    self.config], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   check=False)
        if formatted.returncode != 0:
            raise RuntimeError("Kafka's storage could not be formatted:\n" + formatted.stdout)

    def configure(self, settings):
        """Sets broker properties beside or instead of the usual ones; before start()."""
        values = {
            "process.roles": "broker,controller", "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller_port}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "controller.listener.names": "CONTROLLER", "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": os.path.join(self.directory, "data"), "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1", "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0", **settings,
        }
        with open(self.config, "w", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in values.items())

    @staticmethod
    def _java():
        return ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
                ":".join(sorted(glob.glob(os.path.join(JARS, "*.jar"))))]

    def command(self):
        return [*self._java(), "kafka.Kafka", self.config]

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def is_up(self):
        """It serves metadata: an ApiVersions request is answered."""
        if not accepts(self.port):
            return False
        header = b"\x00\x12\x00\x00\x00\x00\x00\x01\xff\xff"  # ApiVersions 0, correlation 1, no client id.
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 2) as peer:
            peer.settimeout(2)
            peer.sendall(len(header).to_bytes(4, "big") + header)
            return len(peer.recv(4)) == 4
        return False


def with_kafka(arguments):
    """Runs every command, and gives the first exit status that is not 0."""
    commands, status = [[]], 0
    for argument in arguments:
        if argument == "--":
            commands.append([])
        else:
            commands[-1].append(argument)
    with Kafka() as server:
        for command in commands:
            ran = subprocess.run(command, env={**os.environ, "SLUICE_TEST_KAFKA": server.address}, check=False)
            status = status or ran.returncode
    return status


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # Ends the broker on the way out.
    if len(sys.argv) < 3 or sys.argv[1] != "with-kafka":
        sys.exit(__doc__)
    try:
        sys.exit(with_kafka(sys.argv[2:]))
    except Unavailable as reason:
        print(f"skipped: {reason}")
        sys.exit(77)
