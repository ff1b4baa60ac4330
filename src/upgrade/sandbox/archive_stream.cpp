#include "upgrade/sandbox/archive_stream.hpp"

namespace pgupgrade::upgrade {

ArchiveStream archive_stream(StepContext& context, const std::string& container, const std::string& path,
                             const std::string& what, std::int64_t total_bytes) {
  constexpr std::int64_t kBetween = 16LL << 20;
  return {.produce =
              [&context, container, path](const Sink& sink) {
                bool first = true;
                context.world.engine.get_archive(container, path, [&](std::string_view bytes) {
                  sink(bytes);
                  if (first) context.reach("streaming");
                  first = false;
                });
              },
          .progress =
              [&context, what, total_bytes, told = std::int64_t{0}](std::int64_t bytes) mutable {
                if (bytes - told < kBetween) return;
                told = bytes;
                context.progress(what, bytes, total_bytes, Progress::Unit::bytes);
              }};
}

}  // namespace pgupgrade::upgrade
