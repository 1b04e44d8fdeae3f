#pragma once

#include "base/redis_reply.h"
#include "event/event_record.h"

#include <boost/container/small_vector.hpp>

#include <string_view>

namespace sluice {

/// The words of one command, as views.
using RedisWords = boost::container::small_vector<std::string_view, 48>;

/// Appends an event as the fields of a stream entry: names and values in turn, the fields of
/// event/event_record.h as they are, and the data in the field `data` (absent: no data). The views
/// point into `record` and its event.
void append_entry_fields(const EventRecord& record, RedisWords& words);

/// Whether an entry says that it is an event in this form. `fields` is an array of names and
/// values in turn.
[[nodiscard]] bool is_event_entry(RedisValue fields);

/// The event of such an entry, validated.
/// Errors: invalid_argument, naming the field or attribute.
[[nodiscard]] Result<EventPtr> event_from_entry(RedisValue fields);

}  // namespace sluice
