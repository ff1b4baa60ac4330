#include "backup/tar_scan.hpp"

#include <algorithm>

#include "backup/member_guard.hpp"
#include "backup/tar_reader.hpp"
#include "pgupgrade/base/hash.hpp"

namespace pgupgrade::backup {

namespace {
constexpr std::size_t kContentSize = 256U << 10U;
}

TarScan::TarScan(std::function<Sink(const Entry&)> content_of)
    : content_of_(std::move(content_of)), thread_([this] { run(); }) {}

TarScan::~TarScan() {
  if (!thread_.joinable()) return;
  pipe_.abort();
  thread_.join();
}

void TarScan::feed(std::string_view bytes) {
  if (!pipe_.push(bytes)) finish();  // which throws: only a failure makes the reader go early
}

std::vector<Entry> TarScan::finish() {
  pipe_.end();
  thread_.join();
  if (failure_) std::rethrow_exception(failure_);
  return std::move(entries_);
}

void TarScan::run() {
  try {
    TarReader reader([this](char* buffer, std::size_t limit) { return pipe_.pull(buffer, limit); });
    MemberGuard guard;
    std::vector<char> buffer(kContentSize);
    while (const auto member = reader.next()) {
      Entry entry = guard.admit(*member);
      if (entry.kind == Entry::Kind::file) {
        Sha256 hash;
        const Sink content = content_of_ ? content_of_(entry) : Sink{};
        while (const std::size_t count = reader.read(buffer.data(), buffer.size())) {
          hash.update({buffer.data(), count});
          if (content) content({buffer.data(), count});
          content_bytes_.fetch_add(static_cast<std::int64_t>(count), std::memory_order_relaxed);
        }
        entry.sha256 = hash.finish();
      }
      entries_.push_back(std::move(entry));
    }
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& a, const Entry& b) { return a.path < b.path; });
  } catch (...) {
    failure_ = std::current_exception();
  }
  pipe_.reader_has_gone();
}

}  // namespace pgupgrade::backup
