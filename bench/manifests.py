"""The manifests that the benchmarks serve."""

BROKER = """\
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata:
  name: bench
  annotations:
    sluice.dev/capacity-events: "{capacity_events}"
    sluice.dev/capacity-bytes: "{capacity_bytes}"
"""

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: {name}
  annotations:
    sluice.dev/url: http://127.0.0.1:{port}/
"""

TRIGGER = """\
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata:
  name: {name}
{annotations}spec:
  broker: bench
{filters}  subscriber:
    {subscriber}
{delivery}"""

# No retry: a lost delivery is then seen as a lost delivery.
ONCE = "  delivery: {retry: 0}\n"
# One retry, later than any benchmark lasts.
MUCH_LATER = "  delivery: {retry: 1, backoffPolicy: linear, backoffDelay: PT10M}\n"


def broker(capacity_events=1_000_000, capacity_bytes="2Gi"):
    return BROKER.format(capacity_events=capacity_events, capacity_bytes=capacity_bytes)


def service(name, port):
    return SERVICE.format(name=name, port=port)


def trigger(name, to, filters="", delivery=ONCE, max_in_flight=None):
    """`to` is a URL, or the name of a service."""
    subscriber = f"uri: {to}" if "/" in to else f"ref: {{apiVersion: v1, kind: Service, name: {to}}}"
    annotations = ""
    if max_in_flight:
        annotations = f'  annotations:\n    sluice.dev/max-in-flight: "{max_in_flight}"\n'
    return TRIGGER.format(name=name, subscriber=subscriber, delivery=delivery, annotations=annotations,
                          filters=f"  filters:\n    - {filters}\n" if filters else "")


def fanout(subscribers, port):
    """A broker whose every event goes to one subscriber that many times over."""
    documents = [broker(), service("sink", port)]
    documents += [trigger(f"t{i}", "sink") for i in range(subscribers)]
    return "---\n".join(documents)


def filtered(dialect, triggers, port):
    """`triggers` triggers of which exactly one, in the middle, passes type com.example.match."""
    documents = [broker(), service("sink", port)]
    for i in range(triggers):
        middle = i == triggers // 2
        value = {
            "exact": "com.example.match" if middle else f"com.example.other.{i}",
            "prefix": "com.example.m" if middle else f"com.example.other.{i}.",
            "suffix": ".match" if middle else f".other.{i}",
        }[dialect]
        documents.append(trigger(f"t{i}", "sink", f"{dialect}: {{type: {value}}}"))
    return "---\n".join(documents)


def hooks(triggers, port):
    """`triggers` triggers, each with a URL of its own; their retries and dead letters are alike."""
    delivery = ("  delivery: {retry: 3, backoffPolicy: exponential, backoffDelay: PT1S,\n"
                f"             deadLetterSink: {{uri: 'http://127.0.0.1:{port}/dead'}}}}\n")
    documents = [broker()]
    documents += [trigger(f"t{i}", f"http://127.0.0.1:{port}/hooks/{i}", f"exact: {{type: com.example.{i}}}", delivery)
                  for i in range(triggers)]
    return "---\n".join(documents)


def mixed(count):
    """`count` resources of several kinds, for the time it takes to start."""
    documents = [broker(), service("sink", 9)]
    for i in range((count - 2) // 2):
        documents.append(trigger(f"t{i}", "sink", f"exact: {{type: com.example.{i}}}"))
        documents.append("apiVersion: messaging.knative.dev/v1\nkind: InMemoryChannel\n"
                         f"metadata: {{name: c{i}}}\n")
    return "---\n".join(documents)
