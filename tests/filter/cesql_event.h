#pragma once

#include "event/event.h"

namespace sluice {

/// What the expressions of cesql_cases.txt look at.
inline EventPtr case_event() {
  EventBuilder builder;
  builder.set("id", "1").set("source", "/shop").set("type", "com.example.order");
  builder.set("subject", "Francesco").set("time", "2018-04-26T14:48:09+02:00");
  builder.set("datacontenttype", "application/json").set("sequence", "5").set("word", "TRUE");
  builder.set("hop", "5").set("ttl", "10").set("a1", "one").set("1a", "digit first");
  builder.set("greeting", "Grüß Gott");
  builder.set("count", "10", AttributeType::integer);
  builder.set("negative", "-3", AttributeType::integer);
  builder.set("urgent", "true", AttributeType::boolean);
  builder.set("calm", "false", AttributeType::boolean);
  return builder.build();
}

}  // namespace sluice
