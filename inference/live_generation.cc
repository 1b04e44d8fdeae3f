#include "inference/live_generation.h"

#include "inference/token_mask.h"
#include "inference/utf8.h"

#include <algorithm>
#include <utility>

namespace sluice::inference {

namespace {

bool contains(const std::vector<TokenId>& ids, TokenId id) {
  return std::ranges::find(ids, id) != ids.end();
}

void set_bit(std::vector<std::uint64_t>& bits, TokenId id) {
  const auto word = static_cast<std::size_t>(id) / 64;
  if (id >= 0 && word < bits.size()) bits[word] |= std::uint64_t{1} << (id % 64);
}

}  // namespace

LiveGeneration::LiveGeneration(GenerationRequest request, CompletionCallbacks callbacks,
                               const TokenRules& rules, const Vocabulary& vocabulary,
                               Clock::time_point now)
    : request_(std::move(request)),
      callbacks_(std::move(callbacks)),
      rules_(rules),
      vocabulary_(vocabulary),
      text_(std::move(request_.stop)),
      thinks_(request_.starts_thinking),
      submitted_(now) {
  track_.prompt_tokens = std::ssize(request_.prompt);
  track_.tokens = std::move(request_.prompt);
  track_.max_tokens = request_.max_tokens;
  track_.priority = request_.priority;
  track_.deadline = request_.deadline;
  if (request_.sampling.repetition_penalty != 1) counts_.add_prompt(track_.tokens);
  if (request_.mask) allowed_.resize((vocabulary.size() + 63) / 64);
  if (thinks_) text_.begin_reasoning();
  force_what_must_follow();
  if (is_masked() && !finished_ && !prepare_mask()) end(FinishReason::stop);
}

TokenChoice LiveGeneration::choice() const noexcept {
  if (finished_) return {};
  const auto allowed = is_masked() ? std::span(allowed_) : std::span<const std::uint64_t>();
  return {&request_.sampling, &counts_, allowed, static_cast<std::uint64_t>(track_.tokens.size())};
}

void LiveGeneration::accept(Result<TokenLogprob> chosen, Clock::time_point now) {
  if (finished_) return;
  if (!chosen) return end(FinishReason::error, std::move(chosen).error());
  if (completion_.time_to_first_token == Clock::duration::zero()) {
    completion_.time_to_first_token = now - submitted_;
  }
  if (contains(request_.stop_token_ids, chosen.value().id)) return end(whole());
  take(std::move(chosen).value(), false);
  force_what_must_follow();
  // A text that is whole and cannot go on has ended, without a step for a token that says so.
  if (is_masked() && (!finished_ || finished_ == FinishReason::length) && !prepare_mask()) {
    end(whole());
  }
}

/// How a text that is whole has ended: of itself, or because it had to.
FinishReason LiveGeneration::whole() const noexcept {
  return is_hurried_ ? FinishReason::length : FinishReason::stop;
}

/// Which tokens may come next. False when none may: the text is whole.
bool LiveGeneration::prepare_mask() {
  const std::int64_t tokens_left = track_.max_tokens - generated_tokens();
  const std::int64_t needed = request_.mask->min_tokens();
  if (needed > 0 && needed >= tokens_left) is_hurried_ = true;
  request_.mask->hurry(tokens_left);
  request_.mask->allowed(allowed_);
  if (request_.mask->is_complete()) {
    if (std::ranges::all_of(allowed_, [](std::uint64_t word) { return word == 0; })) return false;
    for (const TokenId id : request_.stop_token_ids) set_bit(allowed_, id);
  }
  if (request_.may_think && rules_.think_open && generated_tokens() == 0) {
    set_bit(allowed_, *rules_.think_open);
  }
  return true;
}

void LiveGeneration::take(TokenLogprob token, bool is_forced) {
  const TokenId id = token.id;
  track_.tokens.push_back(id);
  counts_.add(id);
  completion_.tokens.push_back(id);
  if (request_.sampling.top_logprobs >= 0) completion_.logprobs.push_back(std::move(token));
  if (thinks_ && id == rules_.think_close) {
    thinks_ = false;
    text_.begin_text();
  } else if (!thinks_ && id == rules_.think_open) {
    thinks_ = true;
    text_.begin_reasoning();
  } else {
    if (thinks_) {
      ++thinking_tokens_;
    } else if (request_.mask && !is_forced) {
      request_.mask->accept(id);
    }
    if (text_.push(bytes_of(id))) return end(FinishReason::stop);
  }
  if (generated_tokens() == track_.max_tokens) end(FinishReason::length);
}

/// Whether the think block is as long as it may be, or leaves no more than the text behind it
/// needs.
bool LiveGeneration::has_thought_enough() const {
  if (request_.max_thinking_tokens && thinking_tokens_ >= *request_.max_thinking_tokens)
    return true;
  if (!request_.mask || rules_.forced_close.empty()) return false;
  const std::int64_t needed = std::ssize(rules_.forced_close) + request_.mask->min_tokens();
  return track_.max_tokens - generated_tokens() <= needed;
}

/// The end mark of a think block; what belongs behind the mark where the text is to begin as the
/// mask says.
void LiveGeneration::force_what_must_follow() {
  const std::span<const TokenId> close = rules_.forced_close;
  if (thinks_ && has_thought_enough()) {
    force(close);
  } else if (request_.mask && generated_tokens() > 0 &&
             track_.tokens.back() == rules_.think_close) {
    const auto mark = std::ranges::find(close, track_.tokens.back());
    if (mark != close.end()) force({mark + 1, close.end()});
  }
}

void LiveGeneration::force(std::span<const TokenId> tokens) {
  for (const TokenId id : tokens) {
    if (finished_) return;
    take({id, 0, {}}, true);
  }
}

void LiveGeneration::end(FinishReason reason, Error error) {
  finished_ = reason;
  completion_.error = std::move(error.detail);
  completion_.error_code = error.code;
}

std::string_view LiveGeneration::bytes_of(TokenId id) const {
  const Vocabulary::Entry& entry = vocabulary_.at(id);
  const bool shows = entry.kind == Vocabulary::Kind::text || contains(rules_.visible_controls, id);
  return shows ? std::string_view(entry.bytes) : std::string_view();
}

void LiveGeneration::give_chunk() {
  CompletionChunk chunk = text_.take_new();
  if (callbacks_.on_chunk && !(chunk.text.empty() && chunk.reasoning.empty())) {
    callbacks_.on_chunk(std::move(chunk));
  }
}

void LiveGeneration::complete(FinishReason reason, Error error) {
  text_.finish();
  give_chunk();
  completion_.reason = reason;
  if (!error.detail.empty()) {
    completion_.error = std::move(error.detail);
    completion_.error_code = error.code;
  }
  completion_.text = text_.text();
  completion_.reasoning = text_.reasoning();
  completion_.prompt_tokens = track_.prompt_tokens;
  completion_.cached_tokens = std::min(track_.cached_tokens, track_.prompt_tokens);
  if (callbacks_.on_done) callbacks_.on_done(std::move(completion_));
}

Result<void> check_context(std::int64_t prompt_tokens, std::int64_t max_tokens,
                           const RequestLimits& limits) {
  if (prompt_tokens <= limits.max_context && max_tokens <= limits.max_context - prompt_tokens) {
    return {};
  }
  return fail(Errc::invalid_argument,
              "a prompt of " + std::to_string(prompt_tokens) + " tokens and max_tokens of " +
                  std::to_string(max_tokens) + " are more than the context of " +
                  std::to_string(limits.max_context));
}

Result<void> check_request(const GenerationRequest& request, const RequestLimits& limits,
                           const TokenRules& rules) {
  const auto refuse = [](std::string what) {
    return fail(Errc::invalid_argument, std::move(what));
  };
  if (request.prompt.empty()) return refuse("the prompt is empty");
  if (request.max_tokens < 1) return refuse("max_tokens is less than 1");
  INFERENCE_CHECK(check_context(std::ssize(request.prompt), request.max_tokens, limits));
  for (const TokenId id : request.prompt) {
    if (id >= 0 && id < limits.vocab_size) continue;
    return refuse("the prompt's token " + std::to_string(id) + " is not in the vocabulary");
  }
  INFERENCE_CHECK(check_sampling(request.sampling));
  for (const std::string& stop : request.stop) {
    if (stop.empty() || !is_valid_utf8(stop)) return refuse("a stop text is empty or not UTF-8");
  }
  if (request.starts_thinking && !rules.think_close) {
    return refuse("starts_thinking: the model has no think blocks");
  }
  if (request.max_thinking_tokens && rules.forced_close.empty()) {
    return refuse("max_thinking_tokens: the model has no think blocks");
  }
  if (request.max_thinking_tokens.value_or(0) < 0) return refuse("max_thinking_tokens is negative");
  return {};
}

}  // namespace sluice::inference
