// For builds with ThreadSanitizer only: librdkafka starts its threads and takes its locks by C11's
// <threads.h>, which gcc 12's sanitizer does not know; a thread that it has not seen begin crashes
// it. Here the same functions stand on pthreads, which it knows, as they do in glibc.

#ifdef __SANITIZE_THREAD__

#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>
#include <memory>

namespace {

struct Start {
  thrd_start_t function;
  void* argument;
};

void* run(void* raw) {
  const std::unique_ptr<Start> start(static_cast<Start*>(raw));
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(start->function(start->argument)));
}

int result(int error) {
  if (error == 0) return thrd_success;
  if (error == ETIMEDOUT) return thrd_timedout;
  return error == EBUSY ? thrd_busy : thrd_error;
}

pthread_mutex_t* of(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* of(cnd_t* condition) { return reinterpret_cast<pthread_cond_t*>(condition); }

}  // namespace

extern "C" {

int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  auto start = std::make_unique<Start>(Start{function, argument});
  const int error = pthread_create(thread, nullptr, run, start.get());
  if (error == 0) static_cast<void>(start.release());
  return result(error);
}

int thrd_join(thrd_t thread, int* value) {
  void* raw = nullptr;
  const int error = pthread_join(thread, &raw);
  if (value != nullptr) *value = static_cast<int>(reinterpret_cast<std::intptr_t>(raw));
  return result(error);
}

int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if ((type & mtx_recursive) != 0) {
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  }
  return result(pthread_mutex_init(of(mutex), &attributes));
}

void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy(of(mutex)); }
int mtx_lock(mtx_t* mutex) { return result(pthread_mutex_lock(of(mutex))); }
int mtx_trylock(mtx_t* mutex) { return result(pthread_mutex_trylock(of(mutex))); }
int mtx_unlock(mtx_t* mutex) { return result(pthread_mutex_unlock(of(mutex))); }

int cnd_init(cnd_t* condition) { return result(pthread_cond_init(of(condition), nullptr)); }
void cnd_destroy(cnd_t* condition) { pthread_cond_destroy(of(condition)); }
int cnd_signal(cnd_t* condition) { return result(pthread_cond_signal(of(condition))); }
int cnd_broadcast(cnd_t* condition) { return result(pthread_cond_broadcast(of(condition))); }

int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return result(pthread_cond_wait(of(condition), of(mutex)));
}

int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
  return result(pthread_cond_timedwait(of(condition), of(mutex), until));
}

}  // extern "C"

#endif
