#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <ostream>

#include "cli/arguments/options.hpp"
#include "cli/command/commands.hpp"
#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/cli/arguments/completion.hpp"
#include "pgupgrade/cli/arguments/manual.hpp"
#include "pgupgrade/cli/command/doctor.hpp"
#include "pgupgrade/cli/view/events.hpp"
#include "pgupgrade/upgrade/run/journal.hpp"

namespace pgupgrade::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kArchiveEnd = ".tar.zst";
constexpr int kFoundDifference = 6;
constexpr std::string_view kManifestEnd = ".manifest.json";

// The archive and its manifest lie beside each other; either may be named.
upgrade::RunFiles files_of_backup(const fs::path& file, std::string& service) {
  std::string name = file.filename().native();
  for (const std::string_view end : {kArchiveEnd, kManifestEnd}) {
    if (!name.ends_with(end)) continue;
    service = name.substr(0, name.size() - end.size());
    return {file.parent_path().parent_path()};
  }
  throw usage_error(fmt::format("cannot verify {}: it is neither a backup ({}) nor a manifest ({})",
                                printable(file.native(), 500), kArchiveEnd, kManifestEnd));
}

void require_file(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored))
    throw Error(ErrorKind::usage, "E-NO-FILE",
                fmt::format("cannot verify the backup: there is no {}", printable(path.native(), 500)),
                "archive and manifest must lie beside each other");
}

backup::Manifest verify(Session& session, const fs::path& archive, const fs::path& manifest_file) {
  backup::Manifest manifest = backup::parse_manifest(read_file(manifest_file));
  Screen screen(session);
  const auto begun = session.clock.monotonic();
  upgrade::StepEvent event{.number = 1, .total = 1, .step = "verify-backup"};
  screen.view().step(event);
  backup::verify_archive(archive, manifest, [&](std::int64_t done) {
    session.cancellation.throw_if_requested();
    screen.view().progress({.step = "verify-backup",
                            .what = archive.filename().native(),
                            .done = done,
                            .total = manifest.content_bytes});
  });
  event.kind = upgrade::StepEventKind::done;
  event.duration_ms = (session.clock.monotonic() - begun).count();
  screen.view().step(event);
  return manifest;
}

}  // namespace

int verify_backup_command(Session& session) {
  const fs::path file = (session.directory / session.arguments.file).lexically_normal();
  std::string service;
  const upgrade::RunFiles files = files_of_backup(file, service);
  const fs::path archive = file.parent_path() / files.archive(service).filename();
  const fs::path manifest_file = file.parent_path() / files.manifest(service).filename();
  require_file(archive);
  require_file(manifest_file);
  backup::Manifest manifest;
  try {
    manifest = verify(session, archive, manifest_file);
  } catch (const Error& error) {
    // What is damaged is a finding here, no failure of ours.
    if (!backup::is_damage(error)) throw;
    return report_error(session, error, kFoundDifference);
  }
  const auto members = static_cast<std::int64_t>(manifest.entries.size());
  if (session.json())
    session.out << verify_backup_event(archive.native(), manifest.archive_sha256, manifest.archive_bytes,
                                       members, session.clock.unix_ms())
                << std::endl;
  const std::string line =
      fmt::format("{}: {}, {}, sha256 {}: as in its manifest", printable(archive.native(), 500),
                  human_bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(manifest.archive_bytes, 0))),
                  plural(manifest.entries.size(), "member"), printable(manifest.archive_sha256));
  tell(session, line + "\n", [&](std::int64_t now) { return plain_summary("verified", {line}, 0, now); });
  return 0;
}

int doctor_command(Session& session) {
  const std::vector<Check> checks = examine({.arguments = session.arguments,
                                             .environment = session.environment,
                                             .directory = session.directory,
                                             .cancellation = session.cancellation,
                                             .connect = session.connect});
  session.cancellation.throw_if_requested();
  const int code = exit_code_of(checks);
  std::vector<std::string> lines;
  for (const Check& check : checks) {
    if (session.json() && !check.good)
      session.out << diagnostic_event({.severity = Severity::error,
                                       .code = "E-DOCTOR",
                                       .message = check.what + ": " + check.found,
                                       .hint = check.hint},
                                      session.clock.unix_ms())
                  << std::endl;
    lines.push_back(check.what + ": " + check.found);
  }
  tell(session, render_checks(checks, session.out_style),
       [&](std::int64_t now) { return plain_summary(code == 0 ? "ready" : "not_ready", lines, code, now); });
  return code;
}

int manual_command(Session& session) {
  session.out << manual_page(session.arguments.page) << std::flush;
  return 0;
}

int completion_command(Session& session) {
  session.out << completion_script(session.arguments.shell) << std::flush;
  return 0;
}

}  // namespace pgupgrade::cli
