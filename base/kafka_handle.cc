#include "base/kafka_handle.h"

#include "base/side_thread.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <syslog.h>

namespace sluice {
namespace {

constexpr int kReportsWithinMs = 1'000;

// Properties that carry a guarantee or hold pointers of ours.
constexpr std::string_view kOurs[] = {
    "bootstrap.servers",
    "metadata.broker.list",
    "group.id",
    "group.instance.id",
    "acks",
    "request.required.acks",
    "enable.idempotence",
    "enable.auto.commit",
    "auto.commit.enable",
    "enable.auto.offset.store",
    "auto.offset.reset",
    "partition.assignment.strategy",
    "transactional.id",
    "opaque",
    "enable.gapless.guarantee",
    "plugin.library.paths",
};

/// librdkafka's own lines are about connections that come and go: for who looks for them.
void log_line(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  const char* const name = client == nullptr ? "-" : rd_kafka_name(client);
  const auto ours = level <= LOG_CRIT ? spdlog::level::warn : spdlog::level::debug;
  spdlog::log(ours, "kafka.client client={} facility={} text=\"{}\"", name, facility, text);
}

Result<void> set(rd_kafka_conf_t& conf, const std::string& name, const std::string& value) {
  std::array<char, 512> ignored{};  // It quotes the value.
  const auto done =
      rd_kafka_conf_set(&conf, name.c_str(), value.c_str(), ignored.data(), ignored.size());
  switch (done) {
    case RD_KAFKA_CONF_OK:
      return boost::outcome_v2::success();
    case RD_KAFKA_CONF_UNKNOWN:
      return fail(Errc::invalid_argument, "properties: librdkafka has no property '" + name + "'");
    default:
      return fail(Errc::invalid_argument,
                  "properties: the value of '" + name + "' is not one librdkafka takes for it");
  }
}

}  // namespace

Result<KafkaConf> make_kafka_conf(const KafkaSettings& settings,
                                  std::initializer_list<KafkaProperty> defaults,
                                  std::initializer_list<KafkaProperty> fixed) {
  if (settings.bootstrap_servers.empty()) {
    return fail(Errc::invalid_argument, "bootstrapServers: no server is named");
  }
  KafkaConf conf(rd_kafka_conf_new());
  for (const KafkaProperty& property : defaults) {
    SLUICE_TRY(set(*conf, property.name, property.value));
  }
  for (const auto& [name, value] : settings.properties) {
    if (std::ranges::find(kOurs, name) != std::end(kOurs)) {
      return fail(Errc::invalid_argument,
                  "properties: '" + name + "' is set by Sluice, which relies on it: take it out");
    }
    SLUICE_TRY(set(*conf, name, value));
  }
  SLUICE_TRY(set(*conf, "bootstrap.servers", settings.bootstrap_servers));
  for (const KafkaProperty& property : fixed) {
    SLUICE_TRY(set(*conf, property.name, property.value));
  }
  rd_kafka_conf_set_log_cb(conf.get(), log_line);
  return conf;
}

Result<KafkaHandle> open_kafka(rd_kafka_type_t type, KafkaConf conf,
                               std::shared_ptr<void> context) {
  rd_kafka_conf_set_opaque(conf.get(), context.get());
  std::array<char, 512> why{};
  rd_kafka_t* const client = rd_kafka_new(type, conf.get(), why.data(), why.size());
  if (client == nullptr) {
    return fail(Errc::invalid_argument,
                "properties: they do not go together: " + std::string(why.data()));
  }
  conf.release();  // The client has it now.
  return KafkaHandle(client, [context = std::move(context)](rd_kafka_t* last) {
    rd_kafka_set_log_level(last, LOG_EMERG);  // It may outlive the log.
    // A consumer that had something to say has been closed already. Without a thread it is left.
    const auto started = run_aside([context, last] {
      if (rd_kafka_type(last) == RD_KAFKA_PRODUCER) {  // Each record is reported, or it leaks.
        rd_kafka_purge(last, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_flush(last, kReportsWithinMs);
      }
      rd_kafka_destroy_flags(last, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    });
    static_cast<void>(started);
  });
}

Error kafka_error(rd_kafka_resp_err_t code, std::string_view doing) {
  std::string text(doing);
  text += ": ";
  text += rd_kafka_err2str(code);
  switch (code) {
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return fail(Errc::resource_exhausted, std::move(text));
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
      return fail(Errc::invalid_argument, std::move(text));
    case RD_KAFKA_RESP_ERR__DESTROY:
      return fail(Errc::cancelled, std::move(text));
    default:
      return fail(Errc::unavailable, std::move(text));
  }
}

}  // namespace sluice
