#!/usr/bin/env python3
"""Kafka behind TLS and a password, as a Secret says: a channel, a source and a sink get in, and a wrong password is
told by /readyz and keeps ingress at 503."""

import base64
import os
import shutil
import subprocess
import unittest

import durable
import support
from durable import Record
from support import eventually
from peers_kafka_test import sink, source

import servers

USER, PASSWORD = "sluice", "correct horse"


def encoded(text):
    return base64.b64encode(text.encode()).decode()


class Secured:
    """A broker with a second listener that wants TLS and SASL/PLAIN."""

    name = "kafka"
    partitions = 1

    def __init__(self):
        if not shutil.which("openssl"):
            raise servers.Unavailable("openssl is not installed")
        self.port = servers.free_port()
        self.server = servers.Kafka()
        directory = self.server.directory
        key, certificate, both = (os.path.join(directory, name) for name in ("key.pem", "ca.pem", "both.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                        "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        with open(key, encoding="ascii") as first, open(certificate, encoding="ascii") as second, \
                open(both, "w", encoding="ascii") as file:
            self.ca = second.read()
            file.write(first.read() + self.ca)
        plain, controller = self.server.port, self.server.controller_port
        self.server.configure({
            "listeners": f"PLAINTEXT://127.0.0.1:{plain},SASL_SSL://127.0.0.1:{self.port},"
                         f"CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{plain},SASL_SSL://127.0.0.1:{self.port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL",
            "sasl.enabled.mechanisms": "PLAIN", "ssl.keystore.type": "PEM", "ssl.keystore.location": both,
            "listener.name.sasl_ssl.plain.sasl.jaas.config":
                "org.apache.kafka.common.security.plain.PlainLoginModule required "
                f'user_{USER}="{PASSWORD}";',
        })
        self.flags = ()

    def template(self):
        return ("{apiVersion: messaging.knative.dev/v1beta1, kind: KafkaChannel, "
                "spec: {numPartitions: 1, replicationFactor: 1}}")

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def secret(self, password=PASSWORD):
        ca = "".join(f"    {line}\n" for line in self.ca.strip().split("\n"))
        return ("apiVersion: v1\nkind: Secret\nmetadata: {name: kafka-auth}\n"
                f"data:\n  password: {encoded(password)}\n"
                f"stringData:\n  protocol: SASL_SSL\n  sasl.mechanism: PLAIN\n  user: {USER}\n  ca.crt: |\n{ca}")

    def config(self):
        return ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kafka-channel-config}\ndata:\n"
                f"  bootstrap.servers: {self.address}\n  auth.secret.ref.name: kafka-auth\n")


NET = """  net:
    sasl:
      enable: true
      type: {secretKeyRef: {name: kafka-auth, key: sasl.mechanism}}
      user: {secretKeyRef: {name: kafka-auth, key: user}}
      password: {secretKeyRef: {name: kafka-auth, key: password}}
    tls:
      enable: true
      caCert: {secretKeyRef: {name: kafka-auth, key: ca.crt}}
"""


class KafkaSecurity(durable.OnBackend, unittest.TestCase):
    make = Secured

    def test_channel_source_and_sink_get_in(self):
        secured = self.backend
        with Record() as subscriber, Record() as sourced:
            sinks = sink("vault", secured.address, "vault") + "  auth: {secret: {ref: {name: kafka-auth}}}\n"
            text = support.documents(durable.manifest(secured, "safe", {"only": subscriber.url}), secured.config(),
                                     secured.secret(), sinks)
            with durable.serve(secured, text) as server:
                self.assertEqual(server.send("/default/safe", id_="1"), 202)
                subscriber.wait_for_all(["1"])
                self.assertEqual(server.send("/default/sinks/vault", id_="2"), 202)
                self.assertEqual(server.terminate(), 0)
            reading = source("vault", secured.address, "vault", sourced.url, NET)
            with support.Broker(support.documents(reading, secured.secret())) as server:
                sourced.wait_for_all(["2"])
                self.assertEqual(server.terminate(), 0)

    def test_a_wrong_password_is_told_and_never_shown(self):
        secured = self.backend
        text = support.documents(durable.manifest(secured, "wrong", {}), secured.config(),
                                 secured.secret("wrong horse"))
        with support.Broker(text) as server:
            def told():
                status, _, body = server.admin_get("/readyz")
                return status == 503 and "default/wrong" in body.decode() and body.decode()
            self.assertNotIn("horse", eventually(told, "the reason"))
            status, headers, _ = server.post("/default/wrong", {
                "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/e2e", "ce-type": "t"})
            self.assertEqual(status, 503)
            self.assertIn("retry-after", headers)
            server.terminate()
            self.assertNotIn("horse", "\n".join(server.err))


if __name__ == "__main__":
    support.main()
