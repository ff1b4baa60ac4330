#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "pgupgrade/backup/archive.hpp"

namespace pgupgrade::test {

// A small data directory below `directory` with all that a real one may hold: modes, an empty file, a page of
// zeros, a long name, a name that is no ASCII, links of both kinds.
void make_sample_tree(const std::filesystem::path& directory);

// `tar -C directory/.. -cf - <basename>`: what the engine's archive of a directory looks like.
std::string tar_of_tree(const std::filesystem::path& directory, const std::string& format = "pax");

// Writes an archive of the tar, pushed in pieces of odd sizes.
backup::Manifest write_in_pieces(const std::filesystem::path& archive, const std::string& tar);

std::string drain(const Source& source);

}  // namespace pgupgrade::test
