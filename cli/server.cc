// The running process: binds, builds the house, serves, waits for a signal, drains, stops.

#include "cli/server.h"

#include "base/free_memory.h"
#include "base/on_core.h"
#include "broker/ingress.h"
#include "cli/admin_pages.h"
#include "cli/command.h"
#include "cli/house.h"
#include "cli/trouble_log.h"
#include "cli/version.h"

#include <boost/asio/signal_set.hpp>
#include <spdlog/spdlog.h>

#include <csignal>
#include <iostream>

namespace sluice {
namespace {

using std::chrono::steady_clock;

/// The URL that others reach a listener by.
std::string url_of(const HostPort& address) {
  HostPort shown = address;
  if (shown.host == "0.0.0.0" || shown.host == "::") shown.host = "localhost";
  return "http://" + to_string(shown);
}

/// A reply is an event: what would be too large for the ingress is too large here.
HttpClientLimits client_limits(const IngressLimits& limits) {
  HttpClientLimits client;
  client.response_bytes = limits.max_event_bytes;
  return client;
}

/// An address for the first `curl`: a Broker where there is one; empty when nothing has one.
std::string first_address(const House& house) {
  for (const ResourceEntry& entry : house.resources()) {
    if (entry.kind == "Broker") return entry.path;
  }
  for (const ResourceEntry& entry : house.resources()) {
    if (!entry.path.empty()) return entry.path;
  }
  return {};
}

/// Everything between main and the house; all of it runs on the first core.
class Server {
 public:
  Server(CorePool& cores, const ServerOptions& options)
      : options_(options),
        house_(cores, client_limits(options.limits)),
        models_(version_text()),
        ingress_(cores, house_.routes(), models_, options.limits),
        admin_(cores.core(0), options.limits),
        pages_(house_),
        signals_(cores.core(0).executor(), SIGTERM, SIGINT),
        second_signal_(cores.core(0)),
        troubles_(house_, cores.core(0)) {}

  Awaitable<int> run(ResourceGraph graph);

 private:
  Awaitable<void> wait_for_signal();
  Awaitable<void> cut_short_on_signal();
  Awaitable<int> shut_down();
  Awaitable<void> stop_all();
  int refuse(const Error& error, int status);
  Result<void> add_models();
  void announce(steady_clock::time_point started) const;

  const ServerOptions& options_;
  House house_;
  ModelApi models_;
  Ingress ingress_;
  Admin admin_;
  AdminPages pages_;
  boost::asio::basic_signal_set<Executor> signals_;
  TaskGroup second_signal_;
  TroubleLog troubles_;
  bool cut_short_ = false;
  HostPort listen_;
  HostPort admin_address_;
};

int Server::refuse(const Error& error, int status) {
  std::cerr << "error: " << error.detail << '\n';
  return status;
}

/// What the model APIs serve: each InferenceService's model, under its own name.
Result<void> Server::add_models() {
  for (const InferenceModelPtr& model : house_.models().all()) {
    SLUICE_TRY(models_.add(text_model_of(model)));
  }
  return boost::outcome_v2::success();
}

Awaitable<int> Server::run(ResourceGraph graph) {
  const auto started = steady_clock::now();
  listen_ = options_.listen;
  admin_address_ = options_.admin;
  const auto port = ingress_.bind(listen_.host, listen_.port);
  if (!port) co_return refuse(port.error(), kExitUnreachable);
  listen_.port = port.value();
  const auto built = house_.build(std::move(graph), url_of(listen_));
  if (!built) co_return refuse(built.error(), kExitConfig);
  const auto named = add_models();
  if (!named) {
    const int status = refuse(named.error(), kExitConfig);
    co_await stop_all();
    co_return status;
  }
  give_back_free_memory();  // Reading manifests needs more than what they describe.
  pages_.add_to(admin_);
  const auto admin_port = admin_.listen(admin_address_.host, admin_address_.port);
  if (!admin_port) {
    const int status = refuse(admin_port.error(), kExitUnreachable);
    co_await stop_all();
    co_return status;
  }
  admin_address_.port = admin_port.value();
  co_await house_.start();
  ingress_.start();
  pages_.set_ready(true);
  announce(started);
  std::cerr << options_.notices;
  house_.load_models();
  troubles_.start();
  co_await wait_for_signal();
  co_return co_await shut_down();
}

void Server::announce(steady_clock::time_point started) const {
  const std::string url = url_of(listen_);
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - started);
  // The command is the line's rest, so that it can be copied as it is.
  const std::string address = first_address(house_);
  const std::string curl = address.empty()
                               ? ""
                               : " try: curl -i " + url + address +
                                     " -H 'ce-specversion: 1.0' -H 'ce-type: com.example.hello'"
                                     " -H 'ce-source: /curl' -H 'ce-id: 1' -H 'content-type: "
                                     "application/json' -d '{\"text\":\"hello\"}'";
  spdlog::info("serve.ready listen={} admin={} resources={} startup_ms={}{}", url,
               url_of(admin_address_), house_.resources().size(), took.count(), curl);
}

Awaitable<void> Server::wait_for_signal() {
  const auto [error, number] = co_await signals_.async_wait(use_tuple);
  spdlog::info("serve.draining signal={} depth={} kept={} drain_timeout_ms={}", number,
               house_.depth(), house_.kept(), options_.drain_timeout.count());
}

/// A second signal: the operator does not want to wait for the drain.
Awaitable<void> Server::cut_short_on_signal() {
  const auto [error, number] = co_await signals_.async_wait(use_tuple);
  if (!error) cut_short_ = true;
}

Awaitable<int> Server::shut_down() {
  pages_.set_draining();
  ingress_.drain();
  second_signal_.spawn(cut_short_on_signal());
  const Deadline deadline = steady_clock::now() + options_.drain_timeout;
  const std::uint64_t left = co_await house_.drain(deadline, cut_short_);
  boost::system::error_code ignored;
  signals_.cancel(ignored);
  co_await second_signal_.join();
  co_await stop_all();
  if (left > 0) {
    spdlog::error("serve.stopped undelivered={} kept={}", left, house_.kept());
    std::cerr << left << (left == 1 ? " event was" : " events were") << " not delivered\n";
    co_return kExitNotDrained;
  }
  spdlog::info("serve.stopped undelivered=0 kept={}", house_.kept());
  co_return kExitOk;
}

Awaitable<void> Server::stop_all() {
  co_await troubles_.stop();
  co_await house_.stop();
  co_await ingress_.stop();
  co_await admin_.stop();
}

}  // namespace

int run_server(CorePool& cores, ResourceGraph graph, const ServerOptions& options) {
  // Destroyed after the cores' threads have ended: nothing of it is in use then.
  Server server(cores, options);
  const int status = run_on_core(cores.core(0), server.run(std::move(graph)));
  cores.stop();
  return status;
}

}  // namespace sluice
