#include "base/kafka_link.h"

#include "base/side_thread.h"

#include <chrono>
#include <thread>

namespace sluice {
namespace {

constexpr int kAskForMs = 500;

}  // namespace

void KafkaLink::doubt(const KafkaHandle& handle) {
  if (closed_ || looking_.exchange(true)) return;
  const auto started =
      run_aside([self = shared_from_this(), client = std::weak_ptr<rd_kafka_t>(handle)] {
        self->look(client);
      });
  if (!started) looking_ = false;
}

void KafkaLink::look(const std::weak_ptr<rd_kafka_t>& handle) {
  for (;;) {
    const KafkaHandle client = handle.lock();
    if (!client || closed_) {
      down_ = false;  // The next client finds out for itself.
      break;
    }
    const rd_kafka_metadata_t* raw = nullptr;
    const auto error = rd_kafka_metadata(client.get(), 0, nullptr, &raw, kAskForMs);
    const KafkaMetadata answer(raw);
    down_ = error != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!down_) break;
    // Mostly it has waited already; not when it was refused.
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  looking_ = false;
}

std::string KafkaLink::trouble() const {
  return is_down() ? "no Kafka broker of " + servers_ + " can be reached" : std::string();
}

}  // namespace sluice
