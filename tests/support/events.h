#pragma once

#include "event/event.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// A small valid event; `extra` sets or replaces attributes.
inline EventPtr make_event(
    std::string_view id,
    std::initializer_list<std::pair<std::string_view, std::string_view>> extra = {},
    std::string_view data = "{}") {
  EventBuilder builder;
  builder.set("id", id).set("source", "/shop").set("type", "com.example.order");
  for (const auto& [name, value] : extra) builder.set(name, value);
  builder.data(data, DataKind::bytes);
  return builder.build();
}

/// The value of an attribute, or "(absent)".
inline std::string attribute_of(const EventPtr& event, std::string_view name) {
  return std::string(event->attribute(name).value_or("(absent)"));
}

}  // namespace sluice
