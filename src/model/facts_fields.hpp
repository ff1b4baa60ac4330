// The facts that become part of a plan, and what an image offers.
#pragma once

#include <array>

#include "model/fields.hpp"
#include "pgupgrade/model/facts.hpp"

namespace pgupgrade {

inline constexpr std::array<fields::Text<Severity>, 3> texts_of(Severity) {
  return {{{Severity::note, "note"}, {Severity::warning, "warning"}, {Severity::error, "error"}}};
}

inline constexpr std::array<fields::Text<MountKind>, 3> texts_of(MountKind) {
  return {{{MountKind::volume, "volume"}, {MountKind::bind, "bind"}, {MountKind::tmpfs, "tmpfs"}}};
}

template <class Archive, fields::Of<Diagnostic> T>
void describe(Archive& archive, T& value) {
  archive("severity", value.severity);
  archive("code", value.code);
  archive("message", value.message);
  archive.renamed("hint", "mend", value.hint);
}

template <class Archive, fields::Of<Mount> T>
void describe(Archive& archive, T& value) {
  archive("kind", value.kind);
  archive("source", value.source);
  archive("target", value.target);
  archive("read_only", value.read_only);
}

template <class Archive, fields::Of<RestartPolicy> T>
void describe(Archive& archive, T& value) {
  archive("name", value.name);
  archive("maximum_retries", value.maximum_retries);
}

template <class Archive, fields::Of<FileEdit> T>
void describe(Archive& archive, T& value) {
  archive("file", value.file);
  archive("offset", value.offset);
  archive("line", value.line);
  archive("old_text", value.old_text);
  archive("new_text", value.new_text);
  archive.optional("services", value.services);
  archive.optional("before", value.before);
  archive.optional("after", value.after);
}

template <class Archive, fields::Of<ImageFacts> T>
void describe(Archive& archive, T& value) {
  archive("reference", value.reference);
  archive("id", value.id);
  archive("version", value.version);
  archive("major", value.major);
  archive("default_pgdata", value.default_pgdata);
  archive("volumes", value.volumes);
  archive("binary_directory", value.binary_directory);
  archive("postgres_uid", value.postgres_uid);
  archive("postgres_gid", value.postgres_gid);
  archive("locales", value.locales);
  archive("extensions", value.extensions);
  archive("libraries", value.libraries);
  archive("settings", value.settings);
  archive("libc", value.libc);
  archive.optional("refused_settings", value.refused_settings);
}

template <class Archive, fields::Of<ClientFacts> T>
void describe(Archive& archive, T& value) {
  archive("container_id", value.container_id);
  archive("container_name", value.container_name);
  archive("project", value.project);
  archive("service", value.service);
  archive("running", value.running);
  archive("restart", value.restart);
  archive("why", value.why);
}

template <class Archive, fields::Of<VolumeFacts> T>
void describe(Archive& archive, T& value) {
  archive("name", value.name);
  archive("driver", value.driver);
  archive("created_at", value.created_at);
  archive("labels", value.labels);
}

}  // namespace pgupgrade
