#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgupgrade::planning {

// An image reference in Docker's grammar: [registry/]repository[:tag][@digest].
struct ImageReference {
  std::string repository;  // with registry, "pgvector/pgvector"
  std::string tag;         // empty if none
  std::string digest;      // "sha256:…", empty if none
  std::string text() const;
  bool operator==(const ImageReference&) const = default;
};

// Nothing when the text is no image reference.
std::optional<ImageReference> parse_image_reference(std::string_view text);

// The major version that a tag names ("15-alpine" 15, "15.4-bookworm" 15, "pg15" 15, "15-3.4" 15,
// "latest-pg15" 15), nothing for "latest" and the like.
std::optional<int> major_in_tag(std::string_view tag);

// The tag for another major, its variant kept: "15" → "17", "15-alpine" → "17-alpine", "15.4-bookworm" →
// "17-bookworm", "pg15" → "pg17", "0.7.4-pg15" → "0.7.4-pg17". Nothing when the tag names no major, or not
// the `old_major`.
std::optional<std::string> retarget_tag(std::string_view tag, int old_major, int new_major);

// As above for a whole reference. A digest is dropped: it names the old image's content. Nothing when the
// tag does not allow it.
std::optional<ImageReference> retarget(const ImageReference& image, int old_major, int new_major);

}  // namespace pgupgrade::planning
