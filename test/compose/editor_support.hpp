#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/compose/editor.hpp"

namespace pgupgrade::compose::testing {

using Texts = std::vector<std::pair<std::string, std::string>>;

// Sources of the named files; a name that ends in .env is an env file.
inline Sources sources_of(const Texts& files, std::map<std::string, std::string> shell = {}) {
  Sources sources;
  sources.environment = std::move(shell);
  for (const auto& [path, text] : files) {
    const bool is_env = path.size() >= 4 && path.compare(path.size() - 4, 4, ".env") == 0;
    (is_env ? sources.env_files : sources.compose_files).push_back(path);
    sources.texts[path] = text;
  }
  return sources;
}

// Without the place that is shown below the first line (excerpt_test.cpp).
inline std::string refusal_text(const Error& error) {
  const std::string message = error.what();
  return error.code() + ": " + message.substr(0, message.find('\n')) + " (" + error.hint() + ")";
}

// All files after the edits, those that did not change left out; or the whole refusal.
inline std::string after(const Sources& sources, const std::vector<FileEdit>& edits) {
  std::string result;
  for (const auto& [path, text] : sources.texts) {
    std::vector<FileEdit> own;
    for (const FileEdit& edit : edits) {
      if (edit.file == path) own.push_back(edit);
    }
    if (own.empty()) continue;
    if (!result.empty()) result += "=== ";
    result += path + "\n" + apply_edits(text, own);
  }
  return result;
}

inline std::string image_after(const Sources& sources, const ImageChange& change) {
  try {
    return after(sources, propose_image_edit(sources, change));
  } catch (const Error& error) {
    return refusal_text(error);
  }
}

inline std::string mount_after(const Sources& sources, const MountChange& change) {
  try {
    return after(sources, propose_mount_edit(sources, change));
  } catch (const Error& error) {
    return refusal_text(error);
  }
}

}  // namespace pgupgrade::compose::testing
