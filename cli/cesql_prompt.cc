// The prompt of `sluice cesql` on a terminal.

#include "cli/cesql_prompt.h"

#include "base/utf8.h"
#include "cli/event_file.h"
#include "event/event_json.h"
#include "event/validation.h"
#include "filter/cesql/expression.h"

#include <istream>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {
namespace {

constexpr std::string_view kHelp =
    "An expression prints its value for the event. Commands:\n"
    "  :event         show the event\n"
    "  :event FILE    read another one, in the JSON format\n"
    "  :set NAME=TEXT set an attribute; :set NAME without it takes one away\n"
    "  :functions     the functions there are\n"
    "  :quit          end\n";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

class Prompt {
 public:
  Prompt(std::ostream& out, EventPtr event) : out_(out), event_(std::move(event)) {}

  // False at the end.
  bool take(std::string_view line) {
    const std::string_view text = trimmed(line);
    if (text == ":quit" || text == ":q" || text == ":exit") return false;
    if (text.starts_with(':')) {
      const auto space = text.find(' ');
      command(text.substr(0, space),
              space == std::string_view::npos ? "" : trimmed(text.substr(space)));
    } else if (!text.empty()) {
      evaluate(line);
    }
    return true;
  }

 private:
  void command(std::string_view name, std::string_view argument) {
    if (name == ":event" && !argument.empty()) {
      auto read = read_event_file(std::string(argument));
      if (read) event_ = std::move(read).value();
      if (!read) out_ << "error: " << read.error().detail << '\n';
    } else if (name == ":event") {
      show_event();
    } else if (name == ":set") {
      set(argument);
    } else if (name == ":functions") {
      for (const auto function : CesqlFunctions::builtin().names())
        out_ << "  " << function << '\n';
    } else {
      if (name != ":help") out_ << "unknown command " << in_quotes(name) << '\n';
      out_ << kHelp;
    }
  }

  void show_event() const {
    std::string text;
    append_event_json(*event_, HopCount::keep, text);
    out_ << text << '\n';
  }

  // The same event with one attribute more, other or less.
  void set(std::string_view argument) {
    const auto equals = argument.find('=');
    const std::string name(trimmed(argument.substr(0, equals)));
    const bool removes = equals == std::string_view::npos;
    const std::string value(removes ? "" : argument.substr(equals + 1));
    if (const auto valid = validate_attribute(name, removes ? "1" : value); !valid) {
      out_ << "error: " << valid.error().detail << '\n';
      return;
    }
    const bool is_required = name == "id" || name == "source" || name == "type";
    if (name == "specversion" || (removes && is_required)) {
      out_ << "error: '" << name << "' stays: an event has it; :event FILE reads another one\n";
      return;
    }
    EventBuilder builder = EventBuilder::copy_of(*event_);
    if (removes) {
      builder.remove(name);
    } else {
      builder.set(name, value);
    }
    event_ = builder.build();
  }

  void evaluate(std::string_view text) const {
    const auto expression = CesqlExpression::parse(text);
    if (!expression) {
      show(expression.error(), text);
      return;
    }
    const CesqlOutcome outcome = expression.value().evaluate(*event_);
    std::visit([this](const auto& value) { show(value); }, outcome.value);
    if (outcome.error) show(*outcome.error, text);
  }

  void show(bool value) const { out_ << (value ? "true" : "false") << '\n'; }
  void show(std::int32_t value) const { out_ << value << '\n'; }
  void show(const std::string& value) const { out_ << '\'' << value << "'\n"; }
  void show(const CesqlError& error, std::string_view text) const {
    out_ << with_caret(text, error.column) << ' ' << to_string(error.kind) << ": " << error.detail
         << '\n';
  }

  std::ostream& out_;
  EventPtr event_;
};

}  // namespace

void run_cesql_prompt(std::istream& in, std::ostream& out, EventPtr event) {
  Prompt prompt(out, std::move(event));
  out << "CESQL 1.0; :help for help, :quit to end\n";
  std::string line;
  for (;;) {
    out << "cesql> " << std::flush;
    if (!std::getline(in, line)) break;
    if (!prompt.take(line)) return;
  }
  out << '\n';
}

}  // namespace sluice
