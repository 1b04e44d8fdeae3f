"""Several processes with the same manifests on one backend are one Sluice. Run by scale_out_redis_test.py and
scale_out_kafka_test.py."""

import collections

import durable
import support
from durable import Producer, Record
from support import eventually

ORDERED = {"kafka.eventing.knative.dev/delivery.order": "ordered"}


class ScaleOutCases:
    """For a TestCase with `backend`."""

    def serve_three(self, text):
        return [durable.serve(self.backend, text) for _ in range(3)]

    def test_when_one_of_three_is_killed_the_others_take_over(self):
        with Record() as plain, Record() as ordered:
            text = durable.manifest(self.backend, "three", {"plain": plain.url, "ordered": ordered.url},
                                    {"ordered": ORDERED})
            running = self.serve_three(text)
            ports = [server.port for server in running]
            with Producer(lambda: ports, "/default/three", threads=6) as producer:
                producer.wait_for(300)
                victim = running.pop()
                ports = [server.port for server in running]
                victim.child.kill()
                victim.__exit__()
                producer.wait_for(300)
            for subscriber in (plain, ordered):
                subscriber.wait_for_all(producer.accepted)
            for key, ids in ordered.first_deliveries_by_key().items():
                self.assertEqual(ids, sorted(ids), f"key {key} out of order")
            print(f"{self.backend.name}: one of three killed, {len(producer.accepted)} accepted, 0 lost, duplicates "
                  f"{plain.duplicates()} (plain) and {ordered.duplicates()} (ordered)", flush=True)
            for server in running:
                self.assertEqual(server.terminate(), 0)
                server.__exit__()

    def test_three_share_the_work_without_duplicates(self):
        with Record() as subscriber:
            text = durable.manifest(self.backend, "share", {"only": subscriber.url})
            running = self.serve_three(text)
            with Producer(lambda: [server.port for server in running], "/default/share") as producer:
                producer.wait_for(500)
            subscriber.wait_for_all(producer.accepted)
            self.assertEqual(subscriber.duplicates(), 0)
            delivered = [server.metric("sluice_trigger_events_total", outcome="delivered") for server in running]
            self.assertEqual(sum(delivered), len(producer.accepted))
            for server in running:
                self.assertEqual(server.terminate(), 0)
                server.__exit__()

    def test_a_stop_leaves_the_backlog_to_the_others(self):
        with Record(hold=True) as slow:
            text = durable.manifest(self.backend, "leave", {"only": slow.url},
                                    {"only": {"sluice.dev/max-in-flight": 2}})
            first = durable.serve(self.backend, text)
            for number in range(50):
                self.assertEqual(first.send("/default/leave", id_=str(number)), 202)
            eventually(lambda: len(slow.ids()) >= 2, "the first attempts")
            first.child.terminate()
            slow.release()
            self.assertEqual(first.wait(), 0, "nothing is lost: the backend has the rest")
            first.__exit__()
            self.assertLess(len(set(slow.ids())), 50)
            with durable.serve(self.backend, text) as second:
                slow.wait_for_all([str(number) for number in range(50)])
                self.assertEqual(second.terminate(), 0)

    def test_a_slow_subscriber_leaves_the_other_trigger_alone(self):
        with Record(hold=True) as slow, Record() as fast:
            text = durable.manifest(self.backend, "apart", {"slow": slow.url, "fast": fast.url})
            with durable.serve(self.backend, text) as server:
                with Producer(lambda: [server.port], "/default/apart") as producer:
                    producer.wait_for(500)
                fast.wait_for_all(producer.accepted)
                self.assertTrue(slow.missing(producer.accepted))
                slow.release()
                slow.wait_for_all(producer.accepted)
                self.assertEqual(server.terminate(), 0)

    def test_a_ping_source_fires_once_for_all(self):
        with Record() as subscriber:
            source = ("apiVersion: sources.knative.dev/v1\nkind: PingSource\nmetadata: {name: tick}\nspec:\n"
                      "  schedule: '* * * * * *'\n  data: '{}'\n  contentType: application/json\n"
                      "  sink: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: ping}}\n")
            text = support.documents(durable.manifest(self.backend, "ping", {"only": subscriber.url}), source)
            running = self.serve_three(text)

            def ticks():
                with subscriber.lock:
                    return [headers["ce-time"][:19] for headers, _ in subscriber.received]
            start = len(ticks())
            eventually(lambda: len(set(ticks()[start:])) >= 6, "ticks")
            # The first and the last second may be cut: a process was still starting.
            counts = collections.Counter(ticks())
            self.assertEqual({tick: count for tick, count in counts.items() if count > 1}, {})
            for server in running:
                self.assertEqual(server.terminate(), 0)
                server.__exit__()
