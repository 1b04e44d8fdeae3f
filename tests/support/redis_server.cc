// Starts and ends redis-server; that it is ready is read from its own log.

#include "tests/support/redis_server.h"

#include "tests/support/child_process.h"

#include <fcntl.h>

#include <array>
#include <arpa/inet.h>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice {
namespace {

std::string on_path(const std::string& program) {
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string file = folder + "/" + program;
    if (::access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

std::uint16_t free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(descriptor, any, size) != 0 || ::getsockname(descriptor, any, &size) != 0) {
    throw std::runtime_error("no free port");
  }
  ::close(descriptor);
  return ntohs(address.sin_port);
}

/// Reads until a line has `text`; false where the output ends before.
bool wait_for_line(int output, std::string_view text) {
  std::string line;
  for (char c = 0; ::read(output, &c, 1) == 1;) {
    if (c != '\n') {
      line += c;
    } else if (line.find(text) != std::string::npos) {
      return true;
    } else {
      line.clear();
    }
  }
  return false;
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> options) : options_(std::move(options)) {
  std::string folder = (std::filesystem::temp_directory_path() / "sluice-redis-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no folder for redis-server");
  folder_ = folder;
  std::signal(SIGPIPE, SIG_IGN);  // As the program does.
}

Result<std::unique_ptr<RedisServer>> RedisServer::start(std::vector<std::string> options) {
  if (on_path("redis-server").empty()) {
    return fail(Errc::unavailable, "redis-server is not on PATH (apt-get install redis-server)");
  }
  std::unique_ptr<RedisServer> server(new RedisServer(std::move(options)));
  for (int i = 0; i < 5; ++i) {  // The port may be another's by now.
    server->port_ = free_port();
    if (server->launch()) return server;
  }
  return fail(Errc::unavailable, "redis-server does not start");
}

bool RedisServer::launch() {
  std::vector<std::string> args = {on_path("redis-server"),
                                   "--port",
                                   std::to_string(port_),
                                   "--bind",
                                   "127.0.0.1",
                                   "--dir",
                                   folder_.string(),
                                   "--save",
                                   "",
                                   "--daemonize",
                                   "no"};
  args.insert(args.end(), options_.begin(), options_.end());
  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  argv.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], STDOUT_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  output_ = ends[0];
  if (wait_for_line(output_, "Ready to accept connections")) return true;
  kill();
  return false;
}

RedisServer::~RedisServer() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string RedisServer::address(const std::string& user) const {
  return "redis://" + user + "127.0.0.1:" + std::to_string(port_);
}

void RedisServer::kill() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }
  if (output_ >= 0) ::close(std::exchange(output_, -1));
}

void RedisServer::start_again() {
  if (!launch()) throw std::runtime_error("redis-server does not start again");
}

void RedisServer::stop_clock() const { ::kill(pid_, SIGSTOP); }

void RedisServer::go_on() const { ::kill(pid_, SIGCONT); }

std::string RedisServer::cli(const std::vector<std::string>& words, const std::string& user) const {
  std::vector<std::string> args = {on_path("redis-cli"), "--no-auth-warning", "-u", address(user)};
  args.insert(args.end(), words.begin(), words.end());
  std::string out = run_program(std::move(args)).out;
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace sluice
