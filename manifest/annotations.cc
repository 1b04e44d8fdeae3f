#include "manifest/annotations.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace sluice {
namespace {

constexpr std::string_view kPlainReply = "sluice.dev/plain-reply";
constexpr std::string_view kMaxInFlight = "sluice.dev/max-in-flight";
constexpr std::string_view kOrder = "kafka.eventing.knative.dev/delivery.order";
constexpr std::string_view kCapacityEvents = "sluice.dev/capacity-events";
constexpr std::string_view kCapacityBytes = "sluice.dev/capacity-bytes";
constexpr std::uint64_t kMostInFlight = 1'000'000;

const Value<std::string>* find(const Resource& resource, std::string_view key) {
  const auto found = resource.annotations.find(std::string(key));
  return found == resource.annotations.end() ? nullptr : &found->second;
}

std::optional<std::size_t> read_word_of(const Resource& resource, std::string_view key,
                                        const std::vector<std::string_view>& words,
                                        Findings& findings) {
  const Value<std::string>* value = find(resource, key);
  if (value == nullptr) return std::nullopt;
  const auto known = std::ranges::find(words, **value);
  if (known != words.end()) return static_cast<std::size_t>(known - words.begin());
  findings.error(
      *value->node,
      "'" + std::string(key) + "' wants " + one_of(words) + ", not " + in_quotes(**value),
      did_you_mean(**value, words));
  return std::nullopt;
}

std::optional<std::uint64_t> read_amount(const Resource& resource, std::string_view key,
                                         std::uint64_t max, Findings& findings) {
  const Value<std::string>* value = find(resource, key);
  if (value == nullptr) return std::nullopt;
  const auto amount = parse_quantity(**value);
  const std::string name = "'" + std::string(key) + "': ";
  if (!amount) {
    findings.error(*value->node, name + amount.error().detail, "e.g. 5000, 256Mi or 1G");
    return std::nullopt;
  }
  if (amount.value() < 1 || amount.value() > max) {
    findings.error(*value->node,
                   name + in_quotes(**value) + " is not between 1 and " + std::to_string(max));
    return std::nullopt;
  }
  return amount.value();
}

// The factor of a quantity's suffix; nullopt for an unknown one.
std::optional<double> factor_of(std::string_view suffix) {
  constexpr std::string_view kLetters = "KMGTPE";
  if (suffix.empty()) return 1.0;
  if (suffix == "k") return 1e3;
  const std::size_t letter = kLetters.find(suffix.front());
  const bool binary = suffix.size() == 2 && suffix[1] == 'i';
  if (letter != std::string_view::npos && (binary || suffix.size() == 1)) {
    if (!binary && letter == 0) return std::nullopt;  // K alone is no unit of Kubernetes.
    double factor = 1;
    for (std::size_t i = 0; i <= letter; ++i) factor *= binary ? 1024 : 1000;
    return factor;
  }
  if (suffix.front() == 'e' || suffix.front() == 'E') {
    int exponent = 0;
    const char* end = suffix.data() + suffix.size();
    const auto [rest, error] = std::from_chars(suffix.data() + 1, end, exponent);
    if (error != std::errc() || rest != end || exponent < 0 || exponent > 18) return std::nullopt;
    double factor = 1;
    for (int i = 0; i < exponent; ++i) factor *= 10;
    return factor;
  }
  return std::nullopt;
}

}  // namespace

const std::vector<AnnotationInfo>& all_annotations() {
  static const std::vector<AnnotationInfo> annotations = {
      {kPlainReply,
       "fail, ignore or wrap",
       "fail on a Trigger, else ignore",
       "What a 2xx answer means whose body is no event: a failure, nothing, or the data of a new "
       "event of type `dev.sluice.http.response`.",
       {"Trigger", "Subscription", "Sequence", "Parallel"}},
      {kMaxInFlight,
       "integer from 1",
       "64",
       "How many events are on their way at a time.",
       {"Trigger", "Subscription", "Sequence", "Parallel", "KafkaSource", "RedisStreamSource"}},
      {kOrder,
       "ordered or unordered",
       "unordered",
       "`ordered`: one after the other per `partitionkey` (where the event has none, per Trigger). "
       "A KafkaSource says it by `spec.ordering`.",
       {"Trigger", "Subscription", "Sequence", "Parallel", "RedisStreamSource"}},
      {kCapacityEvents,
       "quantity",
       "100000; a RedisChannel's maxLength; a KafkaChannel has its retention",
       "How many events the channel holds that are not settled by every subscription; past that "
       "producers get 429.",
       {"Broker", "Channel", "InMemoryChannel", "KafkaChannel", "RedisChannel", "Sequence",
        "Parallel"}},
      {kCapacityBytes,
       "quantity",
       "256Mi; none of a RedisChannel or KafkaChannel",
       "The same in bytes.",
       {"Broker", "Channel", "InMemoryChannel", "KafkaChannel", "RedisChannel", "Sequence",
        "Parallel"}},
      {"sluice.dev/url",
       "absolute http URL",
       "none",
       "Where a ref to this Service leads.",
       {"Service"}},
      {"eventing.knative.dev/broker.class",
       "string",
       "none",
       "Kept. Every Broker is Sluice's own, whatever its class.",
       {"Broker"}},
  };
  return annotations;
}

void read_dispatch_annotations(const Resource& resource, DispatchSpec& spec, Findings& findings) {
  if (const auto word = read_word_of(resource, kPlainReply, {"fail", "ignore", "wrap"}, findings)) {
    constexpr std::array kMeaning = {PlainReply::fail, PlainReply::ignore, PlainReply::wrap};
    spec.plain_reply = kMeaning[*word];
  }
  if (const auto word = read_word_of(resource, kOrder, {"ordered", "unordered"}, findings)) {
    spec.ordered = *word == 0;
  }
  if (const auto amount = read_amount(resource, kMaxInFlight, kMostInFlight, findings)) {
    spec.max_in_flight = *amount;
  }
}

void read_capacity_annotations(const Resource& resource, ChannelSpec& channel, Findings& findings) {
  constexpr std::uint64_t kMost = 1ULL << 50U;
  if (const auto amount = read_amount(resource, kCapacityEvents, kMost, findings)) {
    channel.capacity_events = *amount;
  }
  if (const auto amount = read_amount(resource, kCapacityBytes, kMost, findings)) {
    channel.capacity_bytes = *amount;
  }
}

void check_annotations(const Resource& resource, Findings& findings) {
  std::vector<std::string_view> ours;
  for (const AnnotationInfo& info : all_annotations()) ours.push_back(info.key);
  const std::string_view kind = resource.kind->kind;
  for (const auto& [key, value] : resource.annotations) {
    if (!key.starts_with("sluice.dev/")) continue;
    const auto info = std::ranges::find(all_annotations(), key, &AnnotationInfo::key);
    if (info == all_annotations().end()) {
      findings.warning(*value.node, "the annotation " + in_quotes(key) + " is not known",
                       did_you_mean(key, ours, "known: " + joined(ours)));
    } else if (std::ranges::find(info->kinds, kind) == info->kinds.end()) {
      findings.warning(*value.node,
                       "the annotation '" + key + "' has no meaning on " + with_article(kind),
                       "it belongs on: " + joined(info->kinds));
    }
  }
}

Result<std::uint64_t> parse_quantity(std::string_view text) {
  const auto bad = [&] {
    return fail(Errc::invalid_argument, in_quotes(text) + " is not a whole quantity");
  };
  double number = 0;
  if (text.empty() || text.front() < '0' || text.front() > '9') return bad();
  // Not std::from_chars for double on its own: it would take the exponent, and "1E" is a quantity.
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const char* end = text.data() + digits;
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  const auto factor = factor_of(text.substr(digits));
  if (error != std::errc() || rest != end || !factor) return bad();
  const double amount = number * *factor;
  if (amount > 9e15) return bad();  // Past this a double skips whole numbers.
  const auto whole = static_cast<std::uint64_t>(amount);
  if (static_cast<double>(whole) != amount) return bad();
  return whole;
}

}  // namespace sluice
