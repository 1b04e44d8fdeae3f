#include "base/result.h"

#include "base/assert.h"

#include <array>

namespace sluice {
namespace {

struct Row {
  int status;
  std::string_view word;
};

// In the order of Errc.
constexpr std::array<Row, 7> kRows = {{{400, "invalid_argument"},
                                       {404, "not_found"},
                                       {429, "resource_exhausted"},
                                       {503, "unavailable"},
                                       {504, "deadline_exceeded"},
                                       {503, "cancelled"},
                                       {500, "internal"}}};

const Row& row(Errc code) noexcept {
  const auto index = static_cast<std::size_t>(code);
  SLUICE_ASSERT(index < kRows.size());
  return kRows[index];
}

}  // namespace

int http_status(Errc code) noexcept { return row(code).status; }

std::string_view to_string(Errc code) noexcept { return row(code).word; }

}  // namespace sluice
