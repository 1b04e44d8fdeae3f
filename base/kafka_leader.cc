#include "base/kafka_leader.h"

#include "base/kafka_positions.h"
#include "base/side_thread.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <charconv>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPollEvery{500};
constexpr milliseconds kCloseWithin{5'000};
constexpr int kWaitMs = 5'000;
// 17 characters each, of the 4,096 bytes that a broker takes beside an offset.
constexpr std::size_t kNotedClaims = 200;
constexpr std::string_view kNote = "sluice-claims=";

/// FNV-1a: the same in every process.
std::uint64_t hash_of(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

std::deque<std::uint64_t> read_note(std::string_view note) {
  std::deque<std::uint64_t> claimed;
  if (!note.starts_with(kNote)) return claimed;
  note.remove_prefix(kNote.size());
  while (!note.empty()) {
    std::uint64_t value = 0;
    const auto read = std::from_chars(note.data(), note.data() + note.size(), value, 16);
    if (read.ec != std::errc()) break;
    claimed.push_back(value);
    note.remove_prefix(static_cast<std::size_t>(read.ptr - note.data()));
    if (note.starts_with(',')) note.remove_prefix(1);
  }
  return claimed;
}

std::string write_note(const std::deque<std::uint64_t>& claimed) {
  std::string note(kNote);
  for (const std::uint64_t one : claimed) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), one, 16).ptr;
    if (note.size() > kNote.size()) note += ',';
    note.append(digits.begin(), end);
  }
  return note;
}

}  // namespace

Result<std::shared_ptr<KafkaLeader>> KafkaLeader::open(Core& core, const KafkaSettings& settings,
                                                       const std::string& group,
                                                       const std::string& topic) {
  std::shared_ptr<KafkaLeader> leader(new KafkaLeader(core, topic));
  SLUICE_TRY(leader->member_, KafkaMember::open(core, settings, group, *leader));
  leader->client_ = leader->member_->handle();
  boost::asio::post(core.executor(), [weak = std::weak_ptr<KafkaLeader>(leader)] {
    if (const auto self = weak.lock()) self->start();
  });
  return leader;
}

KafkaLeader::~KafkaLeader() = default;

void KafkaLeader::start() {
  if (is_closed_) return;
  member_->listen();
  // It fails only for a list that is wrong, and this one is right.
  static_cast<void>(member_->subscribe({topic_}));
  core_.deadlines().schedule(*this, steady_clock::now() + kPollEvery);
}

void KafkaLeader::expire() {
  poll();
  if (!is_closed_) core_.deadlines().schedule(*this, steady_clock::now() + kPollEvery);
}

/// There are no records, as nothing is assigned; errors pass by themselves.
void KafkaLeader::poll() {
  while (!is_closed_) {
    const KafkaRaw ignored = member_->poll();
    if (!ignored) return;
  }
}

void KafkaLeader::on_assigned(KafkaList partitions) {
  const bool leads = rd_kafka_topic_partition_list_find(partitions.get(), topic_.c_str(), 0);
  member_->assign(*make_kafka_list());  // Of the group's, not of the log: nothing is fetched.
  ++state_->epoch;
  state_->leads = leads;
  const std::lock_guard lock(mutex_);
  if (!is_given_) given_->give(true);
  is_given_ = true;
}

void KafkaLeader::on_revoked(bool) {
  state_->leads = false;
  member_->unassign();
  const std::lock_guard lock(mutex_);
  if (is_given_) given_ = std::make_shared<Handover<bool>>();
  is_given_ = false;
}

KafkaLeader::Given KafkaLeader::given() const {
  const std::lock_guard lock(mutex_);
  return given_;
}

/// Beside the cores.
Result<bool> KafkaLeader::note(rd_kafka_t& client, State& state, const std::string& topic,
                               std::uint64_t occasion) {
  const std::lock_guard lock(state.mutex);
  const KafkaList list = make_kafka_list();
  auto* const one = rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 0);
  const std::uint64_t epoch = state.epoch;
  if (state.read_in != epoch) {
    const auto error = rd_kafka_committed(&client, list.get(), kWaitMs);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(error, "cannot read claims");
    state.claimed = read_note(kafka_note(*one));
    state.read_in = epoch;
  }
  if (!state.leads || std::ranges::find(state.claimed, occasion) != state.claimed.end()) {
    return false;
  }
  state.claimed.push_back(occasion);
  if (state.claimed.size() > kNotedClaims) state.claimed.pop_front();
  one->offset = 0;
  set_kafka_note(*one, write_note(state.claimed));
  const auto error = rd_kafka_commit(&client, list.get(), 0);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    return state.leads && state.epoch == epoch;  // Else it was noted under another's term.
  }
  state.read_in = 0;  // It may have been noted, or by another member.
  return kafka_error(error, "cannot note a claim");
}

Task<bool> KafkaLeader::claim(Core& core, std::string occasion, Deadline deadline) {
  const auto self = shared_from_this();
  const Given ready = given();
  const auto is_given = co_await ready->wait(core, deadline);
  if (is_closed_) co_return fail(Errc::cancelled, "the channel is closed");
  if (!is_given) co_return fail(Errc::unavailable, "has not joined the group of leaders yet");
  if (!state_->leads) co_return false;
  KafkaHandle client;
  {
    const std::lock_guard lock(mutex_);
    client = client_;
  }
  const auto answer = std::make_shared<Handover<Result<bool>>>();
  const auto work = [answer, client, state = state_, topic = topic_, hash = hash_of(occasion)] {
    answer->give(note(*client, *state, topic, hash));
  };
  SLUICE_CO_TRY(run_aside(work));
  auto noted = co_await answer->wait(core, deadline);
  if (!noted) co_return fail(Errc::deadline_exceeded, "the claim was not noted in time");
  co_return std::move(*noted);
}

Awaitable<void> KafkaLeader::close() {
  const auto self = shared_from_this();
  if (is_closed_.exchange(true)) co_return;
  state_->leads = false;
  DeadlineWheel::cancel(*this);
  {
    const std::lock_guard lock(mutex_);
    if (!is_given_) given_->give(false);
    is_given_ = true;
    client_.reset();
  }
  const auto left = member_->leave(nullptr);
  co_await left->wait(core_, steady_clock::now() + kCloseWithin);
}

}  // namespace sluice
