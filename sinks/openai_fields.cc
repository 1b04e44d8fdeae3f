#include "sinks/openai_fields.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace sluice {
namespace {

using inference::CompletionRequest;

// Deeper texts would end the stack of whoever walks them; no client nests so far.
constexpr std::size_t kMaxDepth = 128;
constexpr std::string_view kTooDeep = "nested deeper than 128 levels";
constexpr int kMaxMembers = 1000;
constexpr std::string_view kTooWide = "an object with more than 1000 members";
constexpr std::size_t kMaxShown = 40;
constexpr std::size_t kMaxStops = 16;
constexpr double kNoBound = std::numeric_limits<double>::max();

struct NumberField {
  std::string_view name;
  std::optional<double> CompletionRequest::*target;
  double min;
  bool min_too;  ///< `min` itself is allowed.
  double max;
  std::string_view wanted;
};

constexpr NumberField kNumbers[] = {
    {"temperature", &CompletionRequest::temperature, 0, true, 2, "0 to 2"},
    {"top_p", &CompletionRequest::top_p, 0, false, 1, "more than 0, at most 1"},
    {"min_p", &CompletionRequest::min_p, 0, true, 1, "0 to 1"},
    {"presence_penalty", &CompletionRequest::presence_penalty, -2, true, 2, "-2 to 2"},
    {"frequency_penalty", &CompletionRequest::frequency_penalty, -2, true, 2, "-2 to 2"},
    {"repetition_penalty", &CompletionRequest::repetition_penalty, 0, false, kNoBound,
     "more than 0"},
};

struct IntegerField {
  std::string_view name;
  std::optional<std::int64_t> CompletionRequest::*target;
  std::int64_t min;
  std::string_view wanted;
};

constexpr IntegerField kIntegers[] = {
    {"max_tokens", &CompletionRequest::max_tokens, 1, "a whole number from 1"},
    {"max_completion_tokens", &CompletionRequest::max_tokens, 1, "a whole number from 1"},
    {"top_k", &CompletionRequest::top_k, -1, "a whole number from -1 (0 and -1: all)"},
    {"max_thinking_tokens", &CompletionRequest::max_thinking_tokens, 0, "a whole number from 0"},
};

/// What bounds the time and the stack that reading `text` takes, JSON or not: levels, and members
/// of one object, which are searched one after the other. Empty when it is within bounds.
std::string_view excess_of(std::string_view text) noexcept {
  std::array<int, kMaxDepth + 1> members{};  // Of each open list or object; a list has no limit.
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return kTooDeep;
      members[depth] = 0;
    }
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (c == ':' && ++members[depth] > kMaxMembers) return kTooWide;
  }
  return {};
}

Result<void> read_seed(const RequestJson& object, CompletionRequest& into) {
  const RequestJson* const value = given(object, "seed");
  if (value == nullptr) return boost::outcome_v2::success();
  if (!value->is_number_integer()) return bad_field("seed", "a whole number of 64 bits", *value);
  into.seed = value->get<std::uint64_t>();
  return boost::outcome_v2::success();
}

Result<void> read_stop(const RequestJson& object, CompletionRequest& into) {
  const RequestJson* const value = given(object, "stop");
  if (value == nullptr) return boost::outcome_v2::success();
  if (value->is_array() && value->empty()) {
    into.stop.clear();
    return boost::outcome_v2::success();
  }
  SLUICE_TRY(into.stop,
             texts_from(value->is_string() ? RequestJson::array({*value}) : *value, "stop"));
  if (into.stop.size() > kMaxStops) {
    return fail(Errc::invalid_argument, "stop: at most " + std::to_string(kMaxStops) +
                                            " texts, not " + std::to_string(into.stop.size()));
  }
  return boost::outcome_v2::success();
}

}  // namespace

Result<RequestJson> parse_request_json(std::string_view text) {
  if (const auto excess = excess_of(text); !excess.empty()) {
    return fail(Errc::invalid_argument, std::string(excess));
  }
  try {
    return RequestJson::parse(text.begin(), text.end());
  } catch (const RequestJson::exception& e) {
    const std::string_view what =
        e.what();  // "[json.exception.parse_error.101] parse error at ..."
    const std::size_t end = what.find("] ");
    return fail(
        Errc::invalid_argument,
        "not JSON: " + std::string(end == std::string_view::npos ? what : what.substr(end + 2)));
  }
}

Result<RequestJson> parse_request_object(std::string_view text) {
  auto json = parse_request_json(text);
  if (!json) return fail(Errc::invalid_argument, "the body is " + json.error().detail);
  if (!json.value().is_object()) {
    return fail(Errc::invalid_argument, "the body is not a JSON object");
  }
  return json;
}

Error refusal(std::string_view field, std::string_view why) {
  return fail(Errc::invalid_argument, std::string(field) + ": " + std::string(why));
}

Error bad_field(std::string_view field, std::string_view wanted, const RequestJson& value) {
  std::string shown = value.dump(-1, ' ', false, RequestJson::error_handler_t::replace);
  if (shown.size() > kMaxShown) {
    std::size_t cut = kMaxShown;
    while (cut > 0 && (static_cast<unsigned char>(shown[cut]) & 0xC0) == 0x80) --cut;
    shown = shown.substr(0, cut) + "...";
  }
  std::string detail(field);
  detail.append(": want ").append(wanted).append(", not ").append(shown);
  return fail(Errc::invalid_argument, std::move(detail));
}

const RequestJson* given(const RequestJson& object, std::string_view key) {
  const auto it = object.find(std::string(key));
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

Result<void> read_flag(const RequestJson& object, const std::string& key, bool& into) {
  std::optional<bool> value;
  SLUICE_TRY(read_flag(object, key, value));
  if (value) into = *value;
  return boost::outcome_v2::success();
}

Result<void> read_flag(const RequestJson& object, const std::string& key,
                       std::optional<bool>& into) {
  const RequestJson* const value = given(object, key);
  if (value == nullptr) return boost::outcome_v2::success();
  if (!value->is_boolean()) return bad_field(key, "true or false", *value);
  into = value->get<bool>();
  return boost::outcome_v2::success();
}

Result<void> read_text(const RequestJson& object, const std::string& key, std::string& into) {
  const RequestJson* const value = given(object, key);
  if (value == nullptr) return boost::outcome_v2::success();
  if (!value->is_string()) return bad_field(key, "a text", *value);
  into = value->get<std::string>();
  return boost::outcome_v2::success();
}

Result<std::vector<std::string>> texts_from(const RequestJson& value, std::string_view field) {
  if (!value.is_array() || value.empty()) return bad_field(field, "a list of texts", value);
  std::vector<std::string> texts;
  texts.reserve(value.size());
  for (const RequestJson& item : value) {
    if (!item.is_string() || item.get_ref<const std::string&>().empty()) {
      const std::string place = std::string(field) + "[" + std::to_string(texts.size()) + "]";
      return bad_field(place, "a text that is not empty", item);
    }
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

Result<void> read_sampling(const RequestJson& object, CompletionRequest& into) {
  for (const NumberField& field : kNumbers) {
    const RequestJson* const value = given(object, field.name);
    if (value == nullptr) continue;
    const double number = value->is_number() ? value->get<double>() : std::nan("");
    const bool fits = field.min_too ? number >= field.min : number > field.min;
    if (!fits || number > field.max) return bad_field(field.name, field.wanted, *value);
    into.*field.target = number;
  }
  for (const IntegerField& field : kIntegers) {
    const RequestJson* const value = given(object, field.name);
    if (value == nullptr) continue;
    const bool is_large = value->is_number_unsigned() &&
                          value->get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max();
    if (!value->is_number_integer() || is_large || value->get<std::int64_t>() < field.min) {
      return bad_field(field.name, field.wanted, *value);
    }
    into.*field.target = value->get<std::int64_t>();
  }
  SLUICE_TRY(read_seed(object, into));
  return read_stop(object, into);
}

}  // namespace sluice
