// `sluice send`: posts events to a broker, or to anything else that takes CloudEvents.

#include "base/task_group.h"
#include "base/url.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "cli/command.h"
#include "cli/read_file.h"
#include "cli/version.h"
#include "event/event_builder.h"
#include "event/event_http.h"
#include "event/event_json.h"
#include "event/media_type.h"
#include "event/validation.h"
#include "sinks/event_text.h"
#include "sinks/http_client.h"

#include <boost/beast/http/status.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>

namespace sluice {
namespace {

constexpr std::chrono::seconds kAnswerTimeout{60};

// What --ext does not set.
constexpr std::string_view kOwnFlags[] = {"specversion", "id",   "source",         "type",
                                          "subject",     "data", "datacontenttype"};

struct SendFlags {
  std::string to = "http://127.0.0.1:8080/default/default";
  std::string type;
  std::string source;
  std::string id;
  std::string subject;
  std::vector<std::string> extensions;  // K=V
  std::string content_type;
  std::string data;  // Text, @FILE or @-.
  bool has_data = false;
  std::string mode = "binary";
  std::uint64_t count = 1;
  double rate = 0;  // Events a second; 0: as fast as they are answered.
};

// What every event of one run has in common, checked.
struct Template {
  HttpUrl url;
  std::vector<std::pair<std::string, std::string>> attributes;  // All but the id.
  std::string data;
  DataKind data_kind = DataKind::none;
};

Result<std::string> read_data(const std::string& data) {
  if (!data.starts_with('@')) return data;
  return read_file(data == "@-" ? "-" : data.substr(1));
}

std::string guess_content_type(std::string_view data) {
  if (nlohmann::json::accept(data)) return "application/json";
  return is_utf8(data) ? "text/plain" : "application/octet-stream";
}

DataKind kind_of(std::string_view content_type, std::string_view data) {
  if (is_json_media_type(content_type)) {
    return nlohmann::json::accept(data) ? DataKind::json : DataKind::bytes;
  }
  return is_utf8(data) ? DataKind::text : DataKind::bytes;
}

Result<void> read_extensions(const SendFlags& flags, Template& events) {
  for (const std::string& extension : flags.extensions) {
    const auto equals = extension.find('=');
    if (equals == std::string::npos) {
      return fail(Errc::invalid_argument, "--ext: '" + extension + "' is not K=V");
    }
    std::string name = extension.substr(0, equals);
    if (std::ranges::find(kOwnFlags, name) != std::end(kOwnFlags)) {
      return fail(Errc::invalid_argument, "--ext: '" + name + "' has a flag of its own");
    }
    events.attributes.emplace_back(std::move(name), extension.substr(equals + 1));
  }
  return boost::outcome_v2::success();
}

Result<Template> read_template(const SendFlags& flags) {
  Template events;
  SLUICE_TRY(events.url, parse_http_url(flags.to));
  events.attributes = {{"source", flags.source}, {"type", flags.type}};
  if (!flags.subject.empty()) events.attributes.emplace_back("subject", flags.subject);
  SLUICE_TRY(read_extensions(flags, events));
  std::string content_type = flags.content_type;
  if (flags.has_data) {
    SLUICE_TRY(events.data, read_data(flags.data));
    if (content_type.empty()) content_type = guess_content_type(events.data);
    events.data_kind = kind_of(content_type, events.data);
  }
  if (!content_type.empty()) events.attributes.emplace_back("datacontenttype", content_type);
  if (!flags.id.empty()) {
    SLUICE_TRY(validate_attribute("id", flags.id));
  }
  for (const auto& [name, value] : events.attributes) {
    SLUICE_TRY(validate_attribute(name, value));
  }
  return events;
}

EventPtr make_event(const Template& events, const std::string& id) {
  EventBuilder builder;
  builder.set("id", id);
  for (const auto& [name, value] : events.attributes) builder.set(name, value);
  if (events.data_kind != DataKind::none) builder.data(events.data, events.data_kind);
  return builder.build();
}

// The head and the body of the request.
std::pair<std::string, std::string> write_request(const HttpUrl& url, const Event& event,
                                                  bool structured) {
  std::string head = "POST " + url.target + " HTTP/1.1\r\nhost: " + url.authority +
                     "\r\nuser-agent: sluice/" + version_text() + "\r\n";
  std::string body;
  if (structured) {
    head += "content-type: application/cloudevents+json; charset=utf-8\r\n";
    append_event_json(event, HopCount::keep, body);
  } else {
    append_binary_headers(event, head);
    // Left out of what is delivered, but a producer may want to set it.
    if (const auto hops = event.attribute(kHops)) {
      head.append("ce-").append(kHops).append(": ").append(*hops).append("\r\n");
    }
    body = event.data();
  }
  head += "content-length: " + std::to_string(body.size()) + "\r\n\r\n";
  return {std::move(head), std::move(body)};
}

// "202 Accepted"
std::string status_line(int status) {
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(unsigned(status)));
  return std::to_string(status) + " " + std::string(reason);
}

// Why a server refused: the detail of its problem+json, else the first line of its body.
std::string refusal(std::string_view body) {
  const auto problem = nlohmann::json::parse(body, nullptr, false);
  for (const char* member : {"detail", "title"}) {
    if (problem.is_object() && problem.contains(member) && problem[member].is_string()) {
      return problem[member].get<std::string>();
    }
  }
  const auto line = body.substr(0, std::min(body.find_first_of("\r\n"), std::size_t{500}));
  return is_plain_text(line) ? std::string(line) : std::string();
}

// One run of the command.
class Sender {
 public:
  Sender(const SendFlags& flags, Template events, Core& core)
      : flags_(flags), events_(std::move(events)), core_(core), client_(core, {}) {}

  // Leaves the exit status in exit_status().
  Awaitable<void> send_all() {
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < flags_.count; ++i) {
      if (flags_.rate > 0) {
        const std::chrono::duration<double> offset(static_cast<double>(i) / flags_.rate);
        co_await pause_.wait(core_, start + std::chrono::duration_cast<Deadline::duration>(offset));
      }
      const auto sent = co_await send_one(id_of(i));
      if (!sent) {
        std::cerr << "error: cannot reach " << events_.url.text << ": " << sent.error().detail
                  << '\n';
        exit_status_ = kExitUnreachable;
        break;
      }
    }
    client_.close_idle();
    if (flags_.count > 1) print_summary();
  }

  [[nodiscard]] int exit_status() const noexcept { return exit_status_; }

 private:
  std::string id_of(std::uint64_t index) const {
    if (flags_.id.empty()) return new_uuid();
    return flags_.count == 1 ? flags_.id : flags_.id + "-" + std::to_string(index + 1);
  }

  Task<void> send_one(std::string id) {
    const EventPtr event = make_event(events_, id);
    const auto [head, body] = write_request(events_.url, *event, flags_.mode == "structured");
    const HttpPost request{&events_.url, head, body};
    SLUICE_CO_TRY(
        HttpAnswer answer,
        co_await client_.post(request, std::chrono::steady_clock::now() + kAnswerTimeout));
    report(answer);
    co_return boost::outcome_v2::success();
  }

  void report(HttpAnswer& answer) {
    const int status = answer.head->status;
    ++statuses_[status];
    const std::string line = status_line(status);
    if (flags_.count == 1) std::cout << line << '\n';
    if (status < 200 || status > 299) {
      exit_status_ = kExitBad;
      const std::string why = refusal(answer.body.bytes);
      // Of many events, one of each status is enough to see what is wrong.
      if (statuses_[status] > 1) return;
      std::cerr << "error: " << line << (why.empty() ? "" : ": ") << why << '\n';
      return;
    }
    const auto fields = answer.head->fields.all();
    const HttpMode mode = http_mode(fields);
    if (mode == HttpMode::none) return;
    const auto reply = event_from_http(mode, fields, answer.body);
    if (reply) {
      std::cout << show_event(*reply.value(), EventFormat::text, HopCount::keep);
    } else {
      std::cerr << "warning: the reply is no valid event: " << reply.error().detail << '\n';
    }
  }

  void print_summary() const {
    std::uint64_t sent = 0;
    std::string counts;
    for (const auto& [status, count] : statuses_) {
      sent += count;
      counts += (counts.empty() ? ": " : ", ") + status_line(status) + " " + std::to_string(count);
    }
    std::cout << sent << " events sent" << counts << '\n';
  }

  const SendFlags& flags_;
  const Template events_;
  Core& core_;
  HttpClient client_;
  WaitQueue pause_;
  std::map<int, std::uint64_t> statuses_;
  int exit_status_ = kExitOk;
};

int run_send(const SendFlags& flags) {
  auto events = read_template(flags);
  if (!events) {
    std::cerr << "error: " << events.error().detail << '\n';
    return kExitUsage;
  }
  Core core(0);
  const CurrentCore here(core);
  Sender sender(flags, std::move(events.value()), core);
  TaskGroup group(core);
  group.spawn(sender.send_all());
  while (group.size() > 0) core.io().run_one();
  std::cout.flush();
  return sender.exit_status();
}

}  // namespace

void add_send(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("send", "Send events and print what is answered");
  auto flags = std::make_shared<SendFlags>();
  command->add_option("--to", flags->to, "URL of a broker or of any other addressable")
      ->capture_default_str();
  command->add_option("--type", flags->type, "The event's type")->required();
  command->add_option("--source", flags->source, "The event's source, a URI reference")->required();
  command->add_option("--id", flags->id,
                      "The event's id; a new one by default; with --count ID-1, ID-2, ...");
  command->add_option("--subject", flags->subject, "The event's subject");
  command->add_option("--ext", flags->extensions, "K=V, any further attribute; repeats")
      ->allow_extra_args(false);
  command->add_option("--content-type", flags->content_type,
                      "By default application/json where the data is JSON, else text/plain");
  auto* data = command->add_option("--data", flags->data, "TEXT, @FILE, or @- for standard input");
  command->add_option("--mode", flags->mode, "How the event is written")
      ->check(CLI::IsMember({"binary", "structured"}))
      ->capture_default_str();
  command->add_option("--count", flags->count, "How many events to send")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  command->add_option("--rate", flags->rate, "Events a second; as fast as answered by default")
      ->check(CLI::Range(1e-3, 1e9));
  add_examples(*command,
               "  sluice send --type com.example.order --source /shop --data '{\"n\": 1}'\n"
               "  sluice send --to http://127.0.0.1:8080/default/orders --type t --source /s \\\n"
               "      --ext region=eu --data @order.json --mode structured\n"
               "  sluice send --type t --source /s --count 1000 --rate 200");
  command->callback([flags, data, &status] {
    flags->has_data = data->count() > 0;
    status = run_send(*flags);
  });
}

}  // namespace sluice
