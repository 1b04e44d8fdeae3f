#include "base/resolver.h"

#include "base/handover.h"
#include "base/side_thread.h"

#include <boost/asio/ip/tcp.hpp>

#include <netdb.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <mutex>
#include <system_error>
#include <unordered_map>

namespace sluice {

namespace {

using std::chrono::steady_clock;
using Answer = Result<Addresses>;

struct FreeAddressInfo {
  void operator()(addrinfo* info) const noexcept { ::freeaddrinfo(info); }
};

}  // namespace

Result<Addresses> look_up_host(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // Else each address comes once per kind of socket.
  addrinfo* raw = nullptr;
  const int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &raw);
  const std::unique_ptr<addrinfo, FreeAddressInfo> found(raw);
  if (error != 0) {
    const std::string why =
        error == EAI_SYSTEM ? std::system_category().message(errno) : ::gai_strerror(error);
    return fail(Errc::unavailable, "cannot resolve " + name + ": " + why);
  }
  Addresses addresses;
  for (const addrinfo* info = found.get(); info != nullptr; info = info->ai_next) {
    boost::asio::ip::tcp::endpoint endpoint;
    if (info->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), info->ai_addr, info->ai_addrlen);
    endpoint.resize(info->ai_addrlen);
    addresses.push_back(endpoint.address());
  }
  return addresses;
}

/// What the resolver and its threads share; the threads may outlive the resolver.
class Resolver::Lookups : public std::enable_shared_from_this<Lookups> {
 public:
  using Pending = Handover<Answer>;

  explicit Lookups(ResolverOptions options) : options_(std::move(options)) {}

  /// The lookup of `name` that is under way or whose answer still holds, else a new one.
  Result<std::shared_ptr<Pending>> find(const std::string& name);

  /// What is queued is not looked up any more.
  void close();

 private:
  struct Name {
    std::shared_ptr<Pending> lookup;
    Deadline good_until = kNever;  // While it is under way.
  };

  void run();
  bool take(std::string& name);
  void put(const std::string& name, Answer answer);

  const ResolverOptions options_;
  std::mutex mutex_;                             // Guards what follows; see broker/LOCKS.md.
  std::unordered_map<std::string, Name> names_;  // As many as the manifests name.
  std::deque<std::string> queued_;
  std::size_t threads_ = 0;
};

Result<std::shared_ptr<Handover<Answer>>> Resolver::Lookups::find(const std::string& name) {
  const std::lock_guard lock(mutex_);
  Name& entry = names_[name];
  if (entry.lookup && steady_clock::now() < entry.good_until) return entry.lookup;
  if (threads_ < options_.threads) {
    const auto started = run_aside([self = shared_from_this()] { self->run(); });
    if (started) ++threads_;
    if (threads_ == 0) return started.error();  // Else one of them will come to it.
  }
  entry = {std::make_shared<Pending>(), kNever};
  queued_.push_back(name);
  return entry.lookup;
}

void Resolver::Lookups::run() {
  std::string name;
  while (take(name)) put(name, options_.look_up(name));
}

bool Resolver::Lookups::take(std::string& name) {
  const std::lock_guard lock(mutex_);
  if (queued_.empty()) {
    --threads_;
    return false;
  }
  name = std::move(queued_.front());
  queued_.pop_front();
  return true;
}

void Resolver::Lookups::put(const std::string& name, Answer answer) {
  std::shared_ptr<Pending> lookup;
  {
    const std::lock_guard lock(mutex_);
    Name& entry = names_[name];
    entry.good_until = steady_clock::now() + (answer ? options_.found_for : options_.failed_for);
    lookup = entry.lookup;
  }
  lookup->give(std::move(answer));
}

void Resolver::Lookups::close() {
  const std::lock_guard lock(mutex_);
  queued_.clear();
}

Resolver::Resolver(ResolverOptions options)
    : lookups_(std::make_shared<Lookups>(std::move(options))) {}

Resolver::~Resolver() { lookups_->close(); }

Task<Addresses> Resolver::resolve(Core& core, std::string name, Deadline deadline) {
  SLUICE_CO_TRY(const auto lookup, lookups_->find(name));
  const auto answer = co_await lookup->wait(core, deadline);
  if (!answer) co_return fail(Errc::deadline_exceeded, "resolving " + name + " took too long");
  co_return *answer;
}

}  // namespace sluice
