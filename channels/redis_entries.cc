#include "channels/redis_entries.h"

#include "base/assert.h"

namespace sluice {
namespace {

// ARGV: the fields of each entry, names and values in turn, and "" behind them; no name is empty.
// Only the first XADD can fail, for nothing has changed then for the others. Its error is handed on
// as it came, because what is to be done about it hangs on its first word.
constexpr std::string_view kAddAll =
    "local first=1 while ARGV[first] do "
    "local behind=first while ARGV[behind]~='' do behind=behind+2 end "
    "local id=redis.pcall('XADD',KEYS[1],'*',unpack(ARGV,first,behind-1)) "
    "if type(id)=='table' then return id end "
    "first=behind+1 end return false";

}  // namespace

RedisEntries::RedisEntries(std::string_view stream, std::span<const EventPtr> events) {
  SLUICE_ASSERT(!events.empty() && events.size() <= kMostEvents);
  words_ = {"EVAL", kAddAll, "1", stream};
  records_.reserve(events.size());
  for (const EventPtr& event : events) {
    append_entry_fields(records_.emplace_back(record_of(*event)), words_);
    words_.push_back("");
  }
}

}  // namespace sluice
