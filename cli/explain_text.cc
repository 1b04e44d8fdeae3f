// What `sluice explain` says to people: a line per trigger, and under it one per clause, with the
// outcome in front, where the eye finds it at any depth.

#include "base/utf8.h"
#include "cli/explain_view.h"

#include <algorithm>

namespace sluice {
namespace {

// Wider clauses and names push what follows to the right, each by itself.
constexpr std::size_t kMaxColumn = 48;
constexpr std::size_t kMaxNameColumn = 40;
// Deeper clauses are indented no further.
constexpr std::size_t kMaxDepth = 20;
constexpr std::size_t kClauseBytes = 160;
constexpr std::size_t kProblemBytes = 300;

struct Line {
  bool passes;
  std::string clause;  // Indented.
  std::string found;   // What the event has there; may be empty.
};

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return !is_continuation_byte(c); }));
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t have = width_of(text);
  if (have < width) text.append(width - have, ' ');
  return text;
}

std::string found_text(const Explanation& clause) {
  std::string text;
  const auto add = [&text](std::string_view more) {
    if (!text.empty()) text += "; ";
    text += more;
  };
  if (!clause.attribute.empty()) {
    const std::string name = printable(clause.attribute, kClauseBytes);
    add(clause.seen ? name + " is " + in_quotes(*clause.seen) : name + " is absent");
  }
  if (!clause.problem.empty()) {
    add("cannot be decided: " + printable(clause.problem, kProblemBytes));
  }
  if (!clause.hint.empty()) add(printable(clause.hint, kProblemBytes));
  return text;
}

// A group of one, such as a dialect's with one attribute, says no more than what is in it.
bool says_no_more(const Explanation& group) {
  const bool is_word =
      std::ranges::all_of(group.clause, [](char c) { return c >= 'a' && c <= 'z'; });
  return is_word && group.parts.size() == 1 && group.parts.front().passes == group.passes &&
         group.attribute.empty() && group.problem.empty() && group.hint.empty();
}

void add_lines(const Explanation& clause, std::size_t depth, std::vector<Line>& lines) {
  if (says_no_more(clause)) return add_lines(clause.parts.front(), depth, lines);
  std::string indented(2 * std::min(depth, kMaxDepth), ' ');
  indented += printable(clause.clause, kClauseBytes);
  lines.push_back({clause.passes, std::move(indented), found_text(clause)});
  for (const Explanation& part : clause.parts) add_lines(part, depth + 1, lines);
}

std::vector<Line> lines_of(const TriggerView& trigger, const Event& event) {
  if (!trigger.filter) return {{true, "no filter", ""}};
  std::vector<Line> lines;
  add_lines(trigger.filter->explain(event), 0, lines);
  return lines;
}

void append_clauses(const TriggerView& trigger, const Event& event, std::string& out) {
  const std::vector<Line> lines = lines_of(trigger, event);
  std::size_t column = 0;
  for (const Line& line : lines) {
    const std::size_t width = width_of(line.clause);
    if (!line.found.empty() && width <= kMaxColumn) column = std::max(column, width);
  }
  for (const Line& line : lines) {
    out += line.passes ? "    pass  " : "    FAIL  ";
    out += line.found.empty() ? line.clause : padded(line.clause, column) + "  " + line.found;
    out += '\n';
  }
}

std::string full_name(const TriggerView& trigger) {
  return printable(trigger.ns + "/" + trigger.name, kClauseBytes);
}

// How many of a Broker's triggers take the event.
std::size_t append_broker(const BrokerView& broker, const Event& event, std::string& out) {
  out += "\nBroker " + printable(broker.ns + "/" + broker.name, kClauseBytes) + "\n";
  if (broker.triggers.empty()) out += "  no triggers\n";
  std::size_t column = 0;
  for (const TriggerView& trigger : broker.triggers) {
    const std::size_t width = width_of(full_name(trigger));
    if (width <= kMaxNameColumn) column = std::max(column, width);
  }
  std::size_t taking = 0;
  for (const TriggerView& trigger : broker.triggers) {
    const bool takes = !trigger.filter || trigger.filter->matches(event);
    if (takes) ++taking;
    out += "  " + padded(full_name(trigger), column);
    out += takes ? "  takes it -> " + printable(trigger.subscriber, kProblemBytes)
                 : "  does not take it";
    out += '\n';
    append_clauses(trigger, event, out);
  }
  return taking;
}

}  // namespace

std::string explain_text(const Event& event, const std::vector<BrokerView>& brokers) {
  std::string out = "Event " + in_quotes(event.id()) + " of type " + in_quotes(event.type()) +
                    " from " + in_quotes(event.source()) + "\n";
  if (brokers.empty()) return out + "\nno Triggers: the manifests have no Broker\n";
  std::size_t taking = 0;
  std::size_t triggers = 0;
  for (const BrokerView& broker : brokers) {
    taking += append_broker(broker, event, out);
    triggers += broker.triggers.size();
  }
  out += "\n" + std::to_string(taking) + " of " + std::to_string(triggers) +
         (triggers == 1 ? " trigger " : " triggers ") + (taking == 1 ? "takes" : "take") + " it\n";
  return out;
}

}  // namespace sluice
