#pragma once

#include "filter/filter.h"
#include "manifest/resource_graph.h"
#include "sinks/known_reply_spec.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <unordered_map>
#include <vector>

namespace sluice {

/// Who answers an event, and what of an answer that is none.
struct Asked {
  std::string address;  ///< As in a Destination.
  PlainReply plain_reply = PlainReply::ignore;
  bool gets_event = true;  ///< It is handed the event itself, not what became of it on the way.
};

/// What the subscribers of a graph answer with. The pointers that it gives live as long as it does.
class Replies {
 public:
  explicit Replies(const ResourceGraph& graph);

  struct Possible {
    std::vector<const KnownReply*> known;
    bool others = false;   ///< There may be more, of which nothing is known.
    bool refused = false;  ///< It refuses the event: there is none.
  };
  /// The answers to `event`; null: to one of which nothing is known. Nothing where the subscriber
  /// never answers (an EventDisplay, a Channel, a Sequence, ...) or may well refuse.
  [[nodiscard]] Possible of(const Asked& asked, const KnownReply* event) const;

 private:
  struct Model {
    std::vector<KnownReply> replies;
    bool is_asked_by_data = true;
  };
  std::unordered_map<std::string, Model> models_;  // By ingress path.
  KnownReply wrapped_;
};

/// The attributes that `filter`, as it is written, names in dialects that take a map of them.
[[nodiscard]] std::vector<std::string> attributes_named(const nlohmann::json& filter);

/// Whether `filter` passes every event that `reply` may become: it does for what is known, and
/// looks at nothing else. `named` are its attributes_named(), of which a reply may lack some.
[[nodiscard]] bool surely_passes(const Filter& filter, const std::vector<std::string>& named,
                                 const KnownReply& reply);

}  // namespace sluice
