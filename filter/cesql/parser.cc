// Precedence climbing over the tokens. Recursion is bounded by kCesqlMaxDepth; chains of AND, OR
// and XOR are folded from their right end in a loop.

#include "filter/cesql/parser.h"

#include "base/utf8.h"
#include "filter/cesql/operators.h"
#include "filter/cesql/token_cursor.h"
#include "filter/cesql/tree_builder.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using Kind = CesqlToken::Kind;
using Id = CesqlTreeBuilder::Id;

bool has_only(std::string_view name, bool (*allowed)(char)) noexcept {
  return std::ranges::all_of(name, allowed);
}

/// A string literal without its quotes; only the escaped quote is undone, so that a backslash
/// before % or _ reaches LIKE.
std::string unquoted(std::string_view literal) {
  const char quote = literal.front();
  std::string out;
  for (std::size_t i = 1; i + 1 < literal.size(); ++i) {
    if (literal[i] == '\\' && literal[++i] != quote) out += '\\';
    out += literal[i];
  }
  return out;
}

class Parser {
 public:
  Parser(std::string_view text, const CesqlFunctions& functions, std::vector<CesqlToken> tokens)
      : tokens_(text, std::move(tokens)), build_(text, functions) {}

  CesqlResult<CesqlTree> parse() {
    if (tokens_.is(Kind::end)) return tokens_.error(tokens_.now(), "the expression is empty");
    SLUICE_TRY(expression());
    if (!tokens_.is(Kind::end)) return tokens_.expected("expected an operator");
    return build_.take();
  }

 private:
  // One level of recursion more, for as long as it lives.
  struct Level {
    explicit Level(std::size_t& level) : depth(level) { ++depth; }
    ~Level() { --depth; }
    std::size_t& depth;
  };

  // a AND b AND c OR d: from the right, equal operators in one node.
  CesqlResult<Id> expression() {
    SLUICE_TRY(Id first, binary(CesqlOperator::kLoosest));
    std::vector<Id> operands{first};
    std::vector<CesqlOp> operators;
    std::vector<CesqlToken> tokens;
    while (const auto op = cesql_logic(tokens_.now().kind)) {
      operators.push_back(*op);
      tokens.push_back(tokens_.take());
      SLUICE_TRY(Id next, binary(CesqlOperator::kLoosest));
      operands.push_back(next);
    }
    Id right = operands.back();
    for (std::size_t end = operators.size(); end > 0;) {
      std::size_t begin = end - 1;
      while (begin > 0 && operators[begin - 1] == operators[end - 1]) --begin;
      std::vector<Id> chain(operands.begin() + static_cast<std::ptrdiff_t>(begin),
                            operands.begin() + static_cast<std::ptrdiff_t>(end));
      chain.push_back(right);
      SLUICE_TRY(right, operation(operators[begin], tokens[begin], chain));
      end = begin;
    }
    return right;
  }

  CesqlResult<Id> binary(int level) {
    SLUICE_TRY(Id left, unary());
    for (;;) {
      const bool negated = tokens_.is(Kind::keyword_not);
      const auto op = cesql_operator(negated ? tokens_.after().kind : tokens_.now().kind);
      if (!op || op->level < level || (negated && op->level < CesqlOperator::kIn)) return left;
      const CesqlToken token = tokens_.take();
      if (negated) tokens_.take();
      if (op->op == CesqlOp::like) {
        SLUICE_TRY(left, like(left, token, negated));
      } else if (op->op == CesqlOp::in) {
        SLUICE_TRY(left, in(left, token, negated));
      } else {
        SLUICE_TRY(Id right, binary(op->level + 1));
        SLUICE_TRY(left, operation(op->op, token, {left, right}));
      }
    }
  }

  CesqlResult<Id> like(Id left, const CesqlToken& token, bool negated) {
    if (!tokens_.is(Kind::string)) {
      return tokens_.expected("LIKE wants a string in quotes as its pattern");
    }
    const CesqlToken pattern = tokens_.take();
    const CesqlSpan span{build_.at(left).begin, pattern.end, token.begin};
    return checked(build_.like(span, negated ? CesqlOp::not_like : CesqlOp::like, left,
                               unquoted(tokens_.text_of(pattern))),
                   token);
  }

  CesqlResult<Id> in(Id left, const CesqlToken& token, bool negated) {
    if (!tokens_.is(Kind::open)) {
      return tokens_.expected("IN wants a list in parentheses");
    }
    const CesqlToken open = tokens_.take();
    if (tokens_.is(Kind::close)) return tokens_.error(tokens_.now(), "the list of IN is empty");
    SLUICE_TRY(std::vector<Id> operands, list(open));
    operands.insert(operands.begin(), left);
    const CesqlSpan span{build_.at(left).begin, tokens_.before().end, token.begin};
    return checked(build_.operation(span, negated ? CesqlOp::not_in : CesqlOp::in, operands),
                   token);
  }

  CesqlResult<Id> unary() {
    const Level level(depth_);
    if (depth_ > kCesqlMaxDepth) return too_deep(tokens_.now());
    const CesqlToken token = tokens_.now();
    const bool is_sign = token.kind == Kind::minus || token.kind == Kind::plus;
    if (is_sign && tokens_.after().kind == Kind::integer && tokens_.after().begin == token.end) {
      tokens_.take();
      return integer(token);
    }
    if (token.kind != Kind::minus && token.kind != Kind::keyword_not) return primary();
    tokens_.take();
    SLUICE_TRY(const Id operand, unary());
    const CesqlSpan span{token.begin, build_.at(operand).end, token.begin};
    const CesqlOp op = token.kind == Kind::minus ? CesqlOp::negate : CesqlOp::logical_not;
    return checked(build_.operation(span, op, {operand}), token);
  }

  CesqlResult<Id> primary() {
    const CesqlToken token = tokens_.now();
    const CesqlSpan span{token.begin, token.end, token.begin};
    switch (token.kind) {
      case Kind::integer:
        return integer(token);
      case Kind::string:
        return build_.string(span, unquoted(tokens_.text_of(tokens_.take())));
      case Kind::keyword_true:
      case Kind::keyword_false:
        tokens_.take();
        return build_.boolean(span, token.kind == Kind::keyword_true);
      case Kind::keyword_exists:
        return exists(tokens_.take());
      case Kind::identifier:
        return tokens_.after().kind == Kind::open ? call(tokens_.take())
                                                  : attribute(tokens_.take());
      case Kind::open:
        return parentheses(tokens_.take());
      default:
        return tokens_.expected("expected a value",
                                is_second_equal(token) ? ": equality is a single '='" : "");
    }
  }

  bool is_second_equal(const CesqlToken& token) const {
    return token.kind == Kind::equal && tokens_.before().kind == Kind::equal &&
           tokens_.before().end == token.begin;
  }

  // `first` is its sign or itself; the digits are next.
  CesqlResult<Id> integer(const CesqlToken& first) {
    const CesqlToken digits = tokens_.take();
    const CesqlSpan span{first.begin, digits.end, first.begin};
    const auto value = cesql_integer(tokens_.text_of(first, digits));
    if (!value) return tokens_.error(first, "the number does not fit into 32 bits");
    return build_.integer(span, *value);
  }

  CesqlResult<Id> exists(const CesqlToken& token) {
    if (!tokens_.is(Kind::identifier)) {
      return tokens_.expected("EXISTS wants an attribute's name");
    }
    const CesqlToken name = tokens_.take();
    SLUICE_TRY(check_attribute(name));
    return build_.exists({token.begin, name.end, token.begin}, tokens_.text_of(name));
  }

  CesqlResult<Id> attribute(const CesqlToken& token) {
    SLUICE_TRY(check_attribute(token));
    return build_.attribute({token.begin, token.end, token.begin});
  }

  CesqlResult<void> check_attribute(const CesqlToken& token) {
    if (has_only(tokens_.text_of(token), [](char c) { return c != '_'; })) {
      return boost::outcome_v2::success();
    }
    return tokens_.error(token, in_quotes(tokens_.text_of(token)) +
                                    " is no attribute's name: those are letters and digits");
  }

  CesqlResult<Id> call(const CesqlToken& name) {
    if (!has_only(tokens_.text_of(name), [](char c) { return c < '0' || c > '9'; })) {
      return tokens_.error(name, in_quotes(tokens_.text_of(name)) +
                                     " is no function's name: those are letters and '_'");
    }
    const CesqlToken open = tokens_.take();
    std::vector<Id> arguments;
    if (tokens_.is(Kind::close)) {
      tokens_.take();
    } else {
      SLUICE_TRY(arguments, list(open));
    }
    const CesqlSpan span{name.begin, tokens_.before().end, name.begin};
    return checked(build_.call(span, tokens_.text_of(name), arguments), name);
  }

  CesqlResult<Id> parentheses(const CesqlToken& open) {
    SLUICE_TRY(const Id inner, expression());
    SLUICE_TRY(close(open));
    build_.enclose(inner, open.begin, tokens_.before().end);
    return inner;
  }

  // Expressions and commas up to the parenthesis that closes `open`.
  CesqlResult<std::vector<Id>> list(const CesqlToken& open) {
    std::vector<Id> items;
    for (;;) {
      SLUICE_TRY(const Id item, expression());
      items.push_back(item);
      if (!tokens_.is(Kind::comma)) break;
      tokens_.take();
    }
    SLUICE_TRY(close(open));
    return items;
  }

  CesqlResult<void> close(const CesqlToken& open) {
    if (!tokens_.is(Kind::close)) {
      return tokens_.expected("expected ')' for the '(' at column " +
                              std::to_string(tokens_.column(open)));
    }
    tokens_.take();
    return boost::outcome_v2::success();
  }

  CesqlResult<Id> operation(CesqlOp op, const CesqlToken& token, const std::vector<Id>& operands) {
    const CesqlSpan span{build_.at(operands.front()).begin, build_.at(operands.back()).end,
                         token.begin};
    return checked(build_.operation(span, op, operands), token);
  }

  CesqlResult<Id> checked(Id node, const CesqlToken& token) {
    if (build_.depth(node) > kCesqlMaxDepth) return too_deep(token);
    return node;
  }

  CesqlError too_deep(const CesqlToken& token) const {
    return tokens_.error(
        token, "nested deeper than " + std::to_string(kCesqlMaxDepth) + " levels from here on");
  }

  CesqlTokenCursor tokens_;
  std::size_t depth_ = 0;
  CesqlTreeBuilder build_;
};

}  // namespace

CesqlResult<CesqlTree> parse_cesql(std::string_view text, const CesqlFunctions& functions) {
  SLUICE_TRY(auto tokens, cesql_tokens(text));
  return Parser(text, functions, std::move(tokens)).parse();
}

}  // namespace sluice
