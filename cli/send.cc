// `sluice send`: posts events to a broker, or to anything else that takes CloudEvents.

#include "base/task_group.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/send_request.h"
#include "event/event_batch.h"
#include "event/event_http.h"
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
  Sender(const SendFlags& flags, SendTemplate events, Core& core)
      : flags_(flags), events_(std::move(events)), core_(core), client_(core, {}) {}

  // Leaves the exit status in exit_status().
  Awaitable<void> send_all() {
    const auto start = std::chrono::steady_clock::now();
    const std::uint64_t most = events_per_request(flags_, events_);
    for (std::uint64_t i = 0; i < flags_.count; i += most) {
      if (flags_.rate > 0) {
        const std::chrono::duration<double> offset(static_cast<double>(i) / flags_.rate);
        co_await pause_.wait(core_, start + std::chrono::duration_cast<Deadline::duration>(offset));
      }
      const auto sent = co_await send_some(i, std::min(most, flags_.count - i));
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
  // One request.
  Task<void> send_some(std::uint64_t first, std::uint64_t count) {
    std::vector<EventPtr> events;
    for (std::uint64_t i = first; i < first + count; ++i) {
      events.push_back(make_send_event(events_, send_id(flags_, i)));
    }
    const SendRequest written = write_send_request(flags_, events_.url, events);
    const HttpPost request{&events_.url, written.head, written.body};
    SLUICE_CO_TRY(
        HttpAnswer answer,
        co_await client_.post(request, std::chrono::steady_clock::now() + kAnswerTimeout));
    report(answer, count);
    co_return boost::outcome_v2::success();
  }

  void report(HttpAnswer& answer, std::uint64_t events) {
    const int status = answer.head->status;
    const bool is_first = !statuses_.contains(status);
    statuses_[status] += events;
    const std::string line = status_line(status);
    if (flags_.count == 1) std::cout << line << '\n';
    if (status >= 200 && status <= 299) return print_replies(answer);
    exit_status_ = kExitBad;
    // Of many answers, one of each status is enough to see what is wrong.
    if (!is_first) return;
    const std::string why = refusal(answer.body.bytes);
    std::cerr << "error: " << line << (why.empty() ? "" : ": ") << why << '\n';
  }

  static void print_replies(HttpAnswer& answer) {
    const auto replies = replies_in(answer);
    if (!replies) {
      std::cerr << "warning: the reply is no valid event: " << replies.error().detail << '\n';
      return;
    }
    for (const EventPtr& reply : replies.value()) {
      std::cout << show_event(*reply, EventFormat::text, HopCount::keep);
    }
  }

  static Result<std::vector<EventPtr>> replies_in(HttpAnswer& answer) {
    const auto fields = answer.head->fields.all();
    const HttpMode mode = http_mode(fields);
    if (mode == HttpMode::none) return std::vector<EventPtr>();
    if (mode == HttpMode::batch) return events_from_http(fields, answer.body.bytes);
    SLUICE_TRY(EventPtr reply, event_from_http(mode, fields, answer.body));
    return std::vector<EventPtr>(1, std::move(reply));
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
  const SendTemplate events_;
  Core& core_;
  HttpClient client_;
  WaitQueue pause_;
  std::map<int, std::uint64_t> statuses_;
  int exit_status_ = kExitOk;
};

int run_send(const SendFlags& flags) {
  auto events = read_send_template(flags);
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
  command
      ->add_option("--mode", flags->mode,
                   "How events are written; batch: --count of them in one request, in several "
                   "past 1,000 events or 1 MiB")
      ->check(CLI::IsMember({"binary", "structured", "batch"}))
      ->capture_default_str();
  command->add_option("--count", flags->count, "How many events to send")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  command
      ->add_option("--rate", flags->rate,
                   "Events a second, in batch mode in about one request a second; as fast "
                   "as answered by default")
      ->check(CLI::Range(1e-3, 1e9));
  add_examples(*command,
               "  sluice send --type com.example.order --source /shop --data '{\"n\": 1}'\n"
               "  sluice send --to http://127.0.0.1:8080/default/orders --type t --source /s \\\n"
               "      --ext region=eu --data @order.json --mode structured\n"
               "  sluice send --type t --source /s --count 1000 --rate 200\n"
               "  sluice send --type t --source /s --count 1000 --mode batch");
  command->callback([flags, data, &status] {
    flags->has_data = data->count() > 0;
    status = run_send(*flags);
  });
}

}  // namespace sluice
