#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "pgupgrade/base/streams.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// The engine's archive of a path in a container, as backup::write_archive and backup::unpack take it, with
// their progress told every 16 MiB. Both last as long as the context.
struct ArchiveStream {
  std::function<void(const Sink&)> produce;
  std::function<void(std::int64_t)> progress;
};
ArchiveStream archive_stream(StepContext& context, const std::string& container, const std::string& path,
                             const std::string& what, std::int64_t total_bytes);

}  // namespace pgupgrade::upgrade
