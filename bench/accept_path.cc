// The hot path without sockets: the bytes of one request to a stamped event in a memory channel, N
// times over. Run under callgrind by bench/run.py: instructions, unlike nanoseconds, are the same
// every time, so a change of a few percent shows.
//
//   accept_path N

#include "base/core_pool.h"
#include "base/http_parser.h"
#include "base/task_group.h"
#include "bench/wire.h"
#include "broker/broker.h"
#include "channels/channel.h"
#include "event/event_http.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace sluice {
namespace {

/// Room behind the body that the JSON parser may read.
constexpr std::size_t kPadding = 64;

Awaitable<void> accept_events(Broker& broker, std::string_view request, int count, int& accepted) {
  RequestHead head;
  HttpFault fault;
  for (int i = 0; i < count; ++i) {
    if (parse_request_head(request, head, fault) != HeadState::done) co_return;
    HttpBody body;
    body.bytes = request.substr(head.size);
    auto event = event_from_http(http_mode(head.fields.all()), head.fields.all(), body);
    if (!event) co_return;
    const auto published = co_await broker.publish(std::move(event).value(), kNever);
    if (published) ++accepted;
  }
}

int run(int count) {
  Core core(0);
  const CurrentCore here(core);
  const auto channel = make_channel(ChannelSpec{});
  if (!channel) return 1;
  Broker broker(*channel.value(), "http://127.0.0.1:8080/default/bench");
  bench::RequestTemplate::Options options;
  options.path = "/default/bench";
  std::string request(bench::RequestTemplate(options).text());
  const std::size_t size = request.size();
  request.append(kPadding, '\0');

  int accepted = 0;
  TaskGroup group(core);
  group.spawn(accept_events(broker, std::string_view(request).substr(0, size), count, accepted));
  core.io().run();
  std::printf("%d of %d accepted\n", accepted, count);
  return accepted == count ? 0 : 1;
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) { return argc == 2 ? sluice::run(std::atoi(argv[1])) : 2; }
