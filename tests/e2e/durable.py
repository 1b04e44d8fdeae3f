"""What the tests of durable channels share: the real servers, manifests on them, producers that keep a ledger of
what was accepted, and subscribers whose record is compared with it."""

import collections
import http.client
import itertools
import os
import sys
import threading
import time

import support

sys.path.insert(0, os.path.join(support.ROOT, "tests", "servers"))

import servers  # noqa: E402  pylint: disable=wrong-import-position

SESSION_S = 2  # After which another process takes over what a dead one held, on Redis.


class RedisBackend:
    """RedisChannel on a redis-server of its own."""

    name = "redis"
    untold_s = 0.1  # What was settled so shortly before a crash comes again as well.

    def __init__(self, appendfsync="always"):
        self.server = servers.Redis(appendfsync)
        self.flags = ()

    def template(self):
        return (f"{{apiVersion: sluice.dev/v1alpha1, kind: RedisChannel, spec: {{address: '{self.server.address}', "
                f"sessionTimeout: PT{SESSION_S}S}}}}")


class KafkaBackend:
    """KafkaChannel on a broker of its own; `partitions` of each topic."""

    name = "kafka"
    untold_s = 0.5

    def __init__(self, partitions=6):
        self.server = servers.Kafka()
        self.partitions = partitions
        self.flags = ("--kafka-bootstrap-servers", self.server.address)

    def template(self):
        return ("{apiVersion: messaging.knative.dev/v1beta1, kind: KafkaChannel, "
                f"spec: {{numPartitions: {self.partitions}, replicationFactor: 1}}}}")


def start_backend(make):
    """The backend with its server up; skips the program where it cannot be had."""
    try:
        backend = make()
    except servers.Unavailable as reason:
        support.skip_all(str(reason))
    backend.server.start()
    return backend


class OnBackend:
    """For a TestCase: `make` gives the backend of all its tests, whose server is up meanwhile."""

    make = None

    @classmethod
    def setUpClass(cls):
        cls.backend = start_backend(cls.make)

    @classmethod
    def tearDownClass(cls):
        cls.backend.server.close()


def manifest(backend, name, subscribers, annotations=None):
    """A Broker on `backend` and one Trigger for each of `subscribers` ({name: url}); `annotations` by Trigger."""
    parts = [f"apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {{name: {name}}}\n"
             f"spec:\n  channelTemplate: {backend.template()}\n"
             "  delivery: {retry: 20, backoffPolicy: linear, backoffDelay: PT0.1S}\n"]
    for trigger, url in subscribers.items():
        given = (annotations or {}).get(trigger, {})
        lines = "".join(f"    {key}: '{value}'\n" for key, value in given.items())
        parts.append("apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata:\n"
                     f"  name: {trigger}\n" + ("  annotations:\n" + lines if lines else "") +
                     f"spec:\n  broker: {name}\n  subscriber: {{uri: '{url}'}}\n")
    return support.documents(*parts)


def serve(backend, text):
    """A Sluice process on `backend` whose channels work."""
    server = support.Broker(text, *backend.flags)
    try:
        support.eventually(lambda: server.admin_get("/readyz")[0] == 200,
                           "ready", patience_s=60)
    except AssertionError:
        reasons = server.admin_get("/readyz")[2]
        server.__exit__()
        raise AssertionError(f"never ready: {reasons}\n" + "\n".join(server.err[-40:])) from None
    return server


class Producer:
    """Posts numbered events from a few threads to the server that `ports()` names, one after the other, and keeps
    which were accepted. A refused or broken one is not tried again."""

    def __init__(self, ports, path, threads=4, keys=16):
        self.ports, self.path, self.keys = ports, path, keys
        self.accepted, self.times, self.statuses = [], [], collections.Counter()
        self.retry_after = set()
        self.numbers = itertools.count()
        self.stopping = False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, args=(i,), daemon=True) for i in range(threads)]

    def _run(self, index):
        connection, port = None, None
        while not self.stopping:
            choice = self.ports()
            wanted = choice[index % len(choice)]
            if port != wanted or connection is None:
                if connection:
                    connection.close()
                connection, port = http.client.HTTPConnection("127.0.0.1", wanted, timeout=30), wanted
            with self.lock:
                number = next(self.numbers)
            # Each thread has keys of its own: the order of what one thread sent is known.
            key = f"{index}-{number % self.keys}"
            headers = {"ce-specversion": "1.0", "ce-id": str(number), "ce-type": "com.example.crash",
                       "ce-source": "/e2e", "ce-partitionkey": key, "content-type": "application/json"}
            try:
                connection.request("POST", self.path, b'{"n":%d}' % number, headers)
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException):
                self.statuses["broken"] += 1
                connection.close()
                connection = None
                time.sleep(0.005)  # Nothing listens for a moment: not a wait for anything.
                continue
            with self.lock:
                self.statuses[response.status] += 1
                if response.status == 202:
                    self.accepted.append(str(number))
                    self.times.append(time.monotonic())
                elif response.getheader("Retry-After"):
                    self.retry_after.add(response.status)
            if response.status != 202:
                time.sleep(0.02)
        if connection:
            connection.close()

    def count(self):
        with self.lock:
            return len(self.accepted)

    def most_within(self, seconds):
        """The largest number of events that were accepted within so long."""
        most, first = 0, 0
        for last, moment in enumerate(self.times):
            while self.times[first] < moment - seconds:
                first += 1
            most = max(most, last - first + 1)
        return most

    def wait_for(self, more):
        """Until `more` further events were accepted."""
        wanted = self.count() + more
        support.eventually(lambda: self.count() >= wanted, f"{more} more accepted: {self.statuses}", patience_s=60)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()


class Record(support.Subscriber):
    """A subscriber; `hold` keeps its answers back until release()."""

    def __init__(self, hold=False, delay_s=0.0):
        self.gate = threading.Event()
        if not hold:
            self.gate.set()
        self.delay_s = delay_s
        super().__init__(self._answer)

    def _answer(self, _headers, _body):
        self.gate.wait()
        if self.delay_s:
            time.sleep(self.delay_s)
        return 202, {}, b""

    def release(self):
        self.gate.set()

    def missing(self, accepted):
        return set(accepted) - set(self.ids())

    def wait_for_all(self, accepted, patience_s=90):
        support.eventually(lambda: not self.missing(accepted),
                           f"all {len(accepted)} accepted events delivered", patience_s=patience_s)

    def duplicates(self):
        """How many deliveries were not the first of their id."""
        ids = self.ids()
        return len(ids) - len(set(ids))

    def first_deliveries_by_key(self):
        """{key: ids in the order in which each came first}."""
        seen, by_key = set(), collections.defaultdict(list)
        with self.lock:
            received = list(self.received)
        for headers, _ in received:
            if headers["ce-id"] not in seen:
                seen.add(headers["ce-id"])
                by_key[headers["ce-partitionkey"]].append(int(headers["ce-id"]))
        return by_key
