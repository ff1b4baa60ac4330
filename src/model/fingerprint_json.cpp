#include "model/fields.hpp"
#include "pgupgrade/model/json.hpp"

namespace pgupgrade {

template <class Archive, fields::Of<TablePrint> T>
void describe(Archive& archive, T& value) {
  archive("rows", value.rows);
  archive("digest", value.digest);
  archive.optional("ordinary", value.ordinary);
  archive.optional("generated", value.generated);
}

template <class Archive, fields::Of<DatabasePrint> T>
void describe(Archive& archive, T& value) {
  archive("tables", value.tables);
  archive("not_dumped", value.not_dumped);
  archive("sequences", value.sequences);
  archive("objects", value.objects);
  archive("large_objects", value.large_objects);
  archive("large_objects_digest", value.large_objects_digest);
}

template <class Archive, fields::Of<Fingerprint> T>
void describe(Archive& archive, T& value) {
  archive("format", value.format);
  archive("version_num", value.version_num);
  archive("row_hash", value.row_hash);
  archive("databases", value.databases);
  archive("shared", value.shared);
}

boost::json::value to_json(const Fingerprint& value) {
  return fields::write(value);
}

// What all formats have.
struct FingerprintHeader {
  int format = 0;
};

template <class Archive, fields::Of<FingerprintHeader> T>
void describe(Archive& archive, T& value) {
  archive("format", value.format);
}

Fingerprint fingerprint_from_json(const boost::json::value& value) {
  const int format = fields::read_document<FingerprintHeader>(value, "fingerprint").format;
  if (format != Fingerprint::kFormat) return {.format = format};
  return fields::read_document<Fingerprint>(value, "fingerprint");
}

}  // namespace pgupgrade
