#include "base/free_memory.h"

#include <malloc.h>

#include <cstddef>

// Of jemalloc, where the program is linked with it; else null.
extern "C" int mallctl(const char* name, void* old_value, std::size_t* old_size, void* new_value,
                       std::size_t new_size) __attribute__((weak));

namespace sluice {

void give_back_free_memory() noexcept {
  if (mallctl == nullptr) {
    ::malloc_trim(0);
    return;
  }
  // By itself it does so ten seconds later, and only where something allocates then. What this
  // thread keeps at hand comes first; 4096 is MALLCTL_ARENAS_ALL.
  ::mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  ::mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);
}

}  // namespace sluice
