#include "pgupgrade/base/side_by_side.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace pgupgrade::test {
namespace {

// Where so many have to come together, or none goes on.
class Meeting {
 public:
  explicit Meeting(int expected) : expected_(expected) {}
  bool come() {
    std::unique_lock lock(mutex_);
    ++came_;
    all_.notify_all();
    return all_.wait_for(lock, std::chrono::seconds(20), [&] { return came_ >= expected_; });
  }

 private:
  int expected_;
  int came_ = 0;
  std::mutex mutex_;
  std::condition_variable all_;
};

}  // namespace

TEST_CASE("tasks that may not be at once are carried out in order, in the calling thread") {
  for (const int at_once : {1, 0, -3}) {
    std::vector<std::size_t> order;
    std::set<std::thread::id> threads;
    side_by_side(4, at_once, [&](std::size_t index) {
      order.push_back(index);
      threads.insert(std::this_thread::get_id());
    });
    CHECK(order == std::vector<std::size_t>{0, 1, 2, 3});
    CHECK(threads == std::set<std::thread::id>{std::this_thread::get_id()});
  }
}

TEST_CASE("as many tasks as may be are under way at the same time, and no more") {
  Meeting meeting(3);
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  std::atomic<int> together{0};
  side_by_side(7, 3, [&](std::size_t) {
    const int busy = ++now;
    for (int seen = most; busy > seen && !most.compare_exchange_weak(seen, busy);) continue;
    if (meeting.come()) ++together;
    --now;
  });
  CHECK(most == 3);
  CHECK(together == 7);
}

TEST_CASE("after the first failure none is begun, and those under way come to their end") {
  for (const int at_once : {1, 2}) {
    Meeting meeting(2);
    std::atomic<int> begun{0};
    std::atomic<int> ended{0};
    std::string failure;
    try {
      side_by_side(6, at_once, [&](std::size_t index) {
        ++begun;
        if (at_once > 1) meeting.come();
        if (index == 0) throw std::runtime_error("the first");
        ++ended;
      });
    } catch (const std::runtime_error& error) {
      failure = error.what();
    }
    CHECK(failure == "the first");
    if (at_once == 1) CHECK(begun == 1);
    CHECK(ended == begun - 1);
  }
}

}  // namespace pgupgrade::test
