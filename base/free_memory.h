#pragma once

namespace sluice {

/// Gives memory that was freed back to the system. Any thread; takes milliseconds: for once, after
/// something large has ended.
void give_back_free_memory() noexcept;

}  // namespace sluice
