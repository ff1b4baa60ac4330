#include "upgrade/sandbox/work_files.hpp"

#include "pgupgrade/backup/archive.hpp"

namespace pgupgrade::upgrade {

std::optional<std::string> file_in_container(docker::Engine& engine, const std::string& container,
                                             const std::string& path) {
  std::string tar;
  engine.get_archive(container, path, [&](std::string_view bytes) { tar += bytes; });
  const auto files = backup::files_of_tar(tar);
  return files.size() == 1 ? std::optional(files.begin()->second) : std::nullopt;
}

std::optional<std::string> read_file_by_work(World& world, const WorkSpec& spec, const std::string& path) {
  const std::string container = create_work(world, spec);
  auto content = file_in_container(world.engine, container, path);
  remove_work(world, spec);
  return content;
}

void put_tar_by_work(World& world, const WorkSpec& spec, const std::string& directory,
                     const std::string& tar) {
  const std::string container = create_work(world, spec);
  unpack(world, container, directory, tar);
  remove_work(world, spec);
}

}  // namespace pgupgrade::upgrade
