#include "helpers.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <new>

#include "addon.h"
#include "args.h"
#include "error.h"
#include "results.h"
#include "scheduling.h"

namespace {

/// What takes an AES-GCM of some GB/s five times as long as the caller spends on waking a helper.
constexpr int64_t kWorthSharing = 96 << 10;
/// What a thread takes at once: long against the exchange that takes it, short against the wait for the last one.
constexpr int64_t kPartBytes = 16 << 10;
/// Looks at `done` before the caller sleeps: about as long as a part takes.
constexpr int kLooks = 2000;

using Word = std::atomic<uint32_t>;
static_assert(sizeof(Word) == sizeof(uint32_t) && Word::is_always_lock_free, "a futex is a plain word");

void sleepWhile(Word* word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

void wake(Word* word, int threads) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, threads, nullptr, nullptr, 0);
}

void pauseProcessor() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

class Crew {
 public:
  /// Starts up to `wanted` threads; fewer where the system gives no more.
  explicit Crew(int wanted) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the threads of Node
    while (size_ < wanted) {
      Member* member = &members_[size_];
      *member = {this, size_ + 1};
      if (pthread_create(&member->thread, nullptr, run, member) != 0) break;
      size_++;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  /// Ends and awaits them.
  ~Crew() {
    ending_.store(true);
    call(size_);
    for (int i = 0; i < size_; i++) pthread_join(members_[i].thread, nullptr);
  }

  int size() const { return size_; }

  void share(Shared* work, int parts) {
    work_ = work;
    done_.store(0, std::memory_order_relaxed);
    generation_++;
    ticket_.store(generation_ << 32 | static_cast<uint64_t>(parts) << 16, std::memory_order_release);
    call(parts - 1 < size_ ? parts - 1 : size_);
    takeParts(0);
    await(static_cast<uint32_t>(parts));
  }

 private:
  static constexpr uint32_t kAwaited = 1u << 31;

  struct Member {
    Crew* crew;
    int number;
    pthread_t thread;
  };

  static void* run(void* argument) {
    const Member* member = static_cast<Member*>(argument);
    char name[16];
    snprintf(name, sizeof name, "octo-helper-%d", member->number);
    pthread_setname_np(pthread_self(), name);
    member->crew->urgency_.apply();
    member->crew->help(member->number);
    return nullptr;
  }

  void help(int thread) {
    for (;;) {
      const uint32_t calls = calls_.load();
      takeParts(thread);
      if (ending_.load()) return;
      sleeping_.fetch_add(1);
      sleepWhile(&calls_, calls);  // returns at once if there was another call since
      sleeping_.fetch_sub(1);
    }
  }

  void call(int threads) {
    calls_.fetch_add(1);
    if (sleeping_.load() > 0) wake(&calls_, threads);
  }

  /// Takes part after part of the work in hand. Whoever has taken one holds the work in place: the caller waits for it.
  void takeParts(int thread) {
    uint64_t ticket = ticket_.load(std::memory_order_acquire);
    for (;;) {
      const int next = static_cast<int>(ticket & 0xffff);
      if (next >= static_cast<int>(ticket >> 16 & 0xffff)) return;
      if (!ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel)) continue;
      work_->doPart(next, thread);
      if (done_.fetch_add(1, std::memory_order_acq_rel) & kAwaited) wake(&done_, 1);
      ticket = ticket_.load(std::memory_order_acquire);
    }
  }

  void await(uint32_t parts) {
    for (int look = 0; look < kLooks; look++) {
      if (done_.load(std::memory_order_acquire) == parts) return;
      pauseProcessor();
    }
    uint32_t done = done_.fetch_or(kAwaited, std::memory_order_acq_rel) | kAwaited;
    while (done != (parts | kAwaited)) {
      sleepWhile(&done_, done);
      done = done_.load(std::memory_order_acquire);
    }
  }

  /// That of the thread that they help, which they take on as far as the system permits.
  const Scheduling urgency_ = Scheduling::own();
  Member members_[helpers::kMax];
  int size_ = 0;
  Shared* work_ = nullptr;
  uint64_t generation_ = 0;
  /// Number of the call (32 bits), its parts (16) and how many of them are taken (16): a helper that comes late
  /// takes nothing of another call.
  std::atomic<uint64_t> ticket_{0};
  Word done_{0};
  Word calls_{0};
  Word sleeping_{0};
  std::atomic<bool> ending_{false};
};

thread_local Crew* crew = nullptr;

void endCrew(void*) {
  delete crew;
  crew = nullptr;
}

}  // namespace

namespace helpers {

int count() { return crew == nullptr ? 0 : crew->size(); }

bool isWorthIt(int64_t bytes) { return bytes >= kWorthSharing; }

void share(Shared* work, int parts) { crew->share(work, parts); }

}  // namespace helpers

bool Groups::isWorthSharing() const {
  int64_t sum = 0;
  int64_t largest = 0;
  for (const int64_t cost : costs_) {
    sum += cost;
    if (cost > largest) largest = cost;
  }
  return helpers::isWorthIt(2 * (sum - largest));
}

Cuts::Cuts(int64_t bytes)
    : size_(bytes / (helpers::kMaxParts - 1) > kPartBytes ? bytes / (helpers::kMaxParts - 1) : kPartBytes) {}

void Cuts::add(int64_t bytes) {
  if (gathered_ >= size_) {
    ends_[parts_ - 1] = rows_;
    parts_++;
    gathered_ = 0;
  }
  gathered_ += bytes;
  rows_++;
}

namespace addon {

napi_value setHelpers(napi_env env, napi_callback_info info) {
  Args args(env, info);
  const int32_t wanted = args.int32(0);
  if (!args.ok()) return nullptr;
  if (wanted < 0 || wanted > helpers::kMax) return throwRange(env, "a thread has 0 to 7 helpers");
  if (crew != nullptr) napi_remove_env_cleanup_hook(env, endCrew, nullptr);
  endCrew(nullptr);
  if (wanted > 0) crew = new (std::nothrow) Crew(wanted);
  // A thread that Node ends from outside takes its helpers along.
  if (crew != nullptr) napi_add_env_cleanup_hook(env, endCrew, nullptr);
  return makeInt32(env, helpers::count());
}

}  // namespace addon
