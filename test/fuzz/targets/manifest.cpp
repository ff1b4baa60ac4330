#include <fmt/format.h>

#include "fuzz/targets.hpp"
#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/hash.hpp"

namespace pgupgrade::test::fuzz {

// As it is, and with the digest that belongs to it: whoever can write an archive can write that too.
void try_manifest(std::string_view input) {
  const std::vector<std::string> codes = {"E-BACKUP-DAMAGED"};
  refusal(codes, [&] { backup::parse_manifest(input); });

  const std::string body(input.substr(0, input.rfind(",\n  \"manifest_sha256\"")));
  const std::string sealed = fmt::format("{},\n  \"manifest_sha256\": \"{}\"\n}}\n", body, sha256_hex(body));
  backup::Manifest manifest;
  if (!refusal(codes, [&] { manifest = backup::parse_manifest(sealed); }).empty()) return;
  const std::string written = backup::manifest_text(manifest);
  hold(backup::parse_manifest(written) == manifest, "a manifest says what was written");
  hold(!refusal(codes, [&] { backup::parse_manifest(with_one_byte_changed(written)); }).empty(),
       "a manifest with another byte is refused");
}

}  // namespace pgupgrade::test::fuzz
