#pragma once

#include "event/event.h"

#include <iosfwd>

namespace sluice {

/// Reads expressions and commands line by line until `:quit` or the end of `in`, and prints what
/// they yield. `event` is what they look at until another one is read or an attribute is set.
void run_cesql_prompt(std::istream& in, std::ostream& out, EventPtr event);

}  // namespace sluice
