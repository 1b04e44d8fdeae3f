#include "manifest/loops.h"

#include <algorithm>
#include <map>

namespace sluice {
namespace {

// A depth-first walk over the routes; a route back onto the current path closes a loop.
class Walk {
  enum class State { fresh, on_path, done };

 public:
  Walk(const std::vector<LocalRoute>& routes, Findings& findings) : findings_(findings) {
    for (const LocalRoute& route : routes) from_[route.from].push_back(&route);
  }

  void run() {
    for (const auto& [address, routes] : from_) {
      if (state_[address] == State::fresh) visit(address);
    }
  }

 private:
  // With a stack of its own: manifests may chain any number of channels.
  void visit(const std::string& start) {
    struct Frame {
      std::string address;
      std::size_t next;
    };
    std::vector<Frame> stack{{start, 0}};
    state_[start] = State::on_path;
    while (!stack.empty()) {
      Frame& top = stack.back();
      const auto routes = from_.find(top.address);
      if (routes == from_.end() || top.next == routes->second.size()) {
        state_[top.address] = State::done;
        stack.pop_back();
        if (!path_.empty()) path_.pop_back();
        continue;
      }
      const LocalRoute* route = routes->second[top.next++];
      State& state = state_[route->to];
      if (state == State::done) continue;
      path_.push_back(route);
      if (state == State::on_path) {
        report(*route);
        path_.pop_back();
      } else {
        state = State::on_path;
        stack.push_back({route->to, 0});
      }
    }
  }

  void report(const LocalRoute& last) {
    auto first = std::ranges::find(path_, last.to, &LocalRoute::from);
    std::string circle = last.to;
    bool counted = false;
    for (; first != path_.end(); ++first) {
      circle += " -> " + (*first)->to;
      counted = counted || (*first)->counts_hops;
    }
    findings_.warning(*last.at, "events run in a circle: " + circle,
                      counted ? "the hop count ends it after 255 rounds; add a filter that leaves "
                                "these events out"
                              : "nothing ends it; send the events elsewhere");
  }

  Findings& findings_;
  std::map<std::string, std::vector<const LocalRoute*>> from_;
  std::map<std::string, State> state_;
  std::vector<const LocalRoute*> path_;  // The routes from the stack's bottom to its top.
};

}  // namespace

void warn_of_loops(const std::vector<LocalRoute>& routes, Findings& findings) {
  Walk(routes, findings).run();
}

}  // namespace sluice
