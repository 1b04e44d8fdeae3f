#include "base/side_thread.h"

#include <csignal>
#include <system_error>
#include <thread>

namespace sluice {

Result<void> run_aside(std::function<void()> work) {
  try {
    std::thread([work = std::move(work)] {
      sigset_t all;
      ::sigfillset(&all);
      ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
      work();
    }).detach();
  } catch (const std::system_error& error) {
    return fail(Errc::resource_exhausted, std::string("cannot start a thread: ") + error.what());
  }
  return boost::outcome_v2::success();
}

}  // namespace sluice
