// librdkafka's mock cluster as a server: three brokers in this process, without disks.
//
//   kafka_mock TOPIC PARTITIONS   creates the topic, prints "bootstrap.servers=...", and runs on

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstdio>
#include <cstdlib>

#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "kafka_mock TOPIC PARTITIONS\n");
    return 2;
  }
  char error[256];
  rd_kafka_t* const client =
      rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), error, sizeof(error));
  if (client == nullptr) {
    std::fprintf(stderr, "%s\n", error);
    return 1;
  }
  constexpr int kBrokers = 3;
  rd_kafka_mock_cluster_t* const cluster = rd_kafka_mock_cluster_new(client, kBrokers);
  if (rd_kafka_mock_topic_create(cluster, argv[1], std::atoi(argv[2]), kBrokers) != 0) {
    std::fprintf(stderr, "the topic %s cannot be created\n", argv[1]);
    return 1;
  }
  std::printf("bootstrap.servers=%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
  std::fflush(stdout);
  for (;;) pause();
}
