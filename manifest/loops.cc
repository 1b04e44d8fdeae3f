#include "manifest/loops.h"

#include "filter/filter_index.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

namespace sluice {
namespace {

constexpr std::size_t kMostSteps = 500'000;

/// An event on its way.
struct State {
  std::string_view address;
  const KnownReply* event = nullptr;  ///< Null: nothing is known of it.
  friend auto operator<=>(const State&, const State&) = default;
};

struct Step {
  const LocalRoute* route;
  State to;
  bool may;  ///< The reply may be another one as well.
};

/// An address, and the ways from there.
struct Place {
  std::vector<const LocalRoute*> routes;
  std::unique_ptr<FilterIndex> index;  ///< Of the routes; made when it is asked.
};

/// A depth-first walk over states; a step back onto the current path closes a loop.
class Walk {
  enum class Visit { fresh, on_path, done };

 public:
  explicit Walk(Build& build) : build_(build), replies_(build.graph) {
    for (const LocalRoute& route : build.routes) places_[route.from].routes.push_back(&route);
  }

  void run() {
    for (const auto& [address, place] : places_) start({address, nullptr});
    for (const LocalRoute& route : build_.routes) {
      if (!route.terms.asked) continue;
      for (const KnownReply* reply : replies_.of(*route.terms.asked, nullptr).known) {
        start({route.to, reply});
      }
    }
  }

 private:
  void start(const State& state) {
    if (visits_[state] == Visit::fresh) visit(state);
  }

  // With a stack of its own: manifests may chain any number of channels.
  void visit(const State& start) {
    struct Frame {
      State state;
      std::vector<Step> steps;
      std::size_t next = 0;
    };
    std::vector<Frame> stack;
    const auto enter = [&](const State& state) {
      visits_[state] = Visit::on_path;
      stack.push_back({state, steps_from(state)});
    };
    enter(start);
    while (!stack.empty()) {
      Frame& top = stack.back();
      if (top.next == top.steps.size()) {
        visits_[top.state] = Visit::done;
        stack.pop_back();
        if (!path_.empty()) path_.pop_back();
        continue;
      }
      const Step step = top.steps[top.next++];
      const Visit seen = visits_[step.to];
      if (seen == Visit::done) continue;
      path_.push_back(step);
      if (seen == Visit::on_path) {
        report(step);
        path_.pop_back();
      } else {
        enter(step.to);
      }
    }
  }

  std::vector<Step> steps_from(const State& state) {
    std::vector<Step> steps;
    for (const LocalRoute* route : routes_of(state)) {
      if (steps_taken_ >= kMostSteps) break;
      const auto& asked = route->terms.asked;
      if (!asked) {
        steps.push_back({route, {route->to, state.event}, false});
      } else {
        const Replies::Possible replies = replies_.of(*asked, state.event);
        if (replies.refused) report_refused(*route, *state.event);
        const bool may = replies.known.size() + (replies.others ? 1 : 0) > 1;
        for (const KnownReply* reply : replies.known) {
          steps.push_back({route, {route->to, reply}, may});
        }
        if (replies.others && !route->terms.only_known) {
          steps.push_back({route, {route->to, nullptr}, may});
        }
      }
      steps_taken_ += steps.size();
    }
    return steps;
  }

  /// The routes that the event surely takes.
  std::vector<const LocalRoute*> routes_of(const State& state) {
    std::vector<const LocalRoute*> routes;
    const auto found = places_.find(state.address);
    if (found == places_.end()) return routes;
    Place& place = found->second;
    if (state.event == nullptr) {
      std::ranges::copy_if(place.routes, std::back_inserter(routes),
                           [](const LocalRoute* route) { return !route->terms.filter; });
      return routes;
    }
    for (const FilterIndex::Id id : candidates(place, *state.event->event)) {
      const RouteTerms& terms = place.routes[id]->terms;
      if (terms.filter && !surely_passes(*terms.filter, terms.named, *state.event)) continue;
      routes.push_back(place.routes[id]);
    }
    return routes;
  }

  static std::vector<FilterIndex::Id> candidates(Place& place, const Event& event) {
    if (!place.index) {
      place.index = std::make_unique<FilterIndex>();
      for (std::size_t i = 0; i < place.routes.size(); ++i) {
        place.index->add(static_cast<FilterIndex::Id>(i), place.routes[i]->terms.filter);
      }
    }
    std::vector<FilterIndex::Id> ids;
    place.index->match(event, ids);
    std::ranges::sort(ids);
    return ids;
  }

  void report(const Step& last) {
    // The first step of the loop leaves where the last one arrives.
    auto first = path_.end();
    do {
      --first;
    } while (first != path_.begin() && state_before(first) != last.to);
    std::set<const LocalRoute*> routes;
    for (auto step = first; step != path_.end(); ++step) routes.insert(step->route);
    if (!reported_.insert(std::move(routes)).second) return;
    EventLoop loop;
    loop.addresses.emplace_back(last.to.address);
    std::string circle(last.to.address);
    bool counted = false;
    bool may = false;
    for (auto step = first; step != path_.end(); ++step) {
      add(*step, loop, circle);
      counted = counted || step->route->counts_hops;
      may = may || step->may;
    }
    build_.graph.loops.push_back(std::move(loop));
    build_.findings.warning(
        *last.route->at,
        (may ? "events may run in a circle: " : "events run in a circle: ") + circle,
        why_of(last) + (counted ? "the hop count ends it after 255 rounds; add a filter that "
                                  "leaves these events out"
                                : "nothing ends it; send the events elsewhere"));
  }

  void report_refused(const LocalRoute& route, const KnownReply& reply) {
    const PartName& part = route.terms.parts.back();
    build_.findings.warning(
        *route.at,
        part.kind + " '" + part.ns + "/" + part.name + "' gets replies of type " +
            in_quotes(reply.event->type()) + ", which a model refuses: a completion asks nothing",
        "each of them is dropped or becomes a dead letter; add a filter that leaves these events "
        "out");
  }

  [[nodiscard]] State state_before(std::vector<Step>::const_iterator step) const {
    return step == path_.begin() ? State{} : std::prev(step)->to;
  }

  static void add(const Step& step, EventLoop& loop, std::string& circle) {
    const RouteTerms& terms = step.route->terms;
    if (terms.asked) {
      loop.addresses.push_back(terms.asked->address);
      const bool is_local = Destination{terms.asked->address}.is_local();
      if (is_local) circle += " -> " + terms.asked->address;
    }
    loop.addresses.push_back(step.route->to);
    loop.parts.insert(loop.parts.end(), terms.parts.begin(), terms.parts.end());
    circle += " -> " + step.route->to;
  }

  /// Which events a loop of replies is of.
  static std::string why_of(const Step& last) {
    if (last.to.event == nullptr) return {};
    return "a reply of type " + in_quotes(last.to.event->event->type()) + " is answered again; ";
  }

  Build& build_;
  Replies replies_;
  std::map<std::string, Place, std::less<>> places_;
  std::map<State, Visit> visits_;
  std::vector<Step> path_;  // From the stack's bottom to its top.
  std::set<std::set<const LocalRoute*>> reported_;
  std::size_t steps_taken_ = 0;
};

}  // namespace

void warn_of_loops(Build& build) { Walk(build).run(); }

}  // namespace sluice
