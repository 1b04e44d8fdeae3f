// Events in Redis streams: the record's fields, and one more for the data. No field of a record is
// called `data`: attributes begin with ce_, and no header that travels with events has that name.

#include "event/event_redis.h"

namespace sluice {
namespace {

constexpr std::string_view kData = "data";

using Fields = boost::container::small_vector<RecordField, 24>;

/// The fields but for the data, which is answered with.
std::optional<std::string_view> read_fields(RedisValue entry, Fields& fields) {
  std::optional<std::string_view> data;
  for (std::size_t i = 0; i + 1 < entry.size(); i += 2) {
    const std::string_view name = entry[i].text();
    const std::string_view value = entry[i + 1].text();
    if (name == kData && !data) {
      data = value;
    } else {
      fields.push_back({name, value});
    }
  }
  return data;
}

}  // namespace

void append_entry_fields(const EventRecord& record, RedisWords& words) {
  for (const RecordField& field : record.fields) {
    words.push_back(field.name);
    words.push_back(field.value);
  }
  if (!record.data) return;
  words.push_back(kData);
  words.push_back(*record.data);
}

bool is_event_entry(RedisValue fields) {
  Fields read;
  read_fields(fields, read);
  return is_event_record(read);
}

Result<EventPtr> event_from_entry(RedisValue fields) {
  Fields read;
  const auto data = read_fields(fields, read);
  return event_from_record(read, data);
}

}  // namespace sluice
