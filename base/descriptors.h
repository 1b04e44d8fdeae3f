#pragma once

namespace sluice {

/// Lets this process have as many file descriptors as it may: each connection takes one, and what a
/// shell hands down is often 1,024.
void raise_descriptor_limit() noexcept;

/// Whether so few descriptors are left that none may go to a new incoming connection: a quarter is
/// kept for what goes out and for files.
[[nodiscard]] bool descriptors_are_scarce() noexcept;

}  // namespace sluice
