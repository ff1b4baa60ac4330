#include <algorithm>

#include "fuzz/targets.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/compose/editor.hpp"

namespace pgupgrade::test::fuzz {

namespace {

using compose::Sources;
using Edits = std::vector<FileEdit>;

const std::string kOld = "postgres:15";
const std::string kNew = "postgres:17";

Sources sources_of(std::string_view input) {
  const auto parts = parts_of(input, 3);
  Sources sources{.compose_files = {"compose.yaml"}, .env_files = {".env"}};
  sources.texts = {{"compose.yaml", parts[0]}, {".env", parts[1]}};
  if (!parts[2].empty()) {
    sources.compose_files.emplace_back("override.yaml");
    sources.texts["override.yaml"] = parts[2];
    sources.given_files = 2;
  }
  return sources;
}

Sources with(const Edits& edits, Sources sources) {
  for (auto& [path, text] : sources.texts) {
    Edits own;
    std::copy_if(edits.begin(), edits.end(), std::back_inserter(own),
                 [&, name = path](const FileEdit& edit) { return edit.file == name; });
    text = compose::apply_edits(text, own);
  }
  return sources;
}

Edits image_edit(const Sources& sources, const std::string& from, const std::string& to) {
  return compose::propose_image_edit(sources, {.service = "db", .old_image = from, .new_image = to});
}

void check_edits(const Sources& sources, const Edits& edits) {
  for (const FileEdit& edit : edits) {
    const auto text = sources.texts.find(edit.file);
    hold(text != sources.texts.end(), "an edit is of one of the files");
    hold(text->second.compare(edit.offset, edit.old_text.size(), edit.old_text) == 0,
         "the old text of an edit stands where it says");
    hold(edit.new_text.find_first_of("\n\r") == std::string::npos, "an edit makes no new line");
    hold(edit.old_text.find_first_of("\n\r") == std::string::npos, "an edit takes no line away");
  }
}

// Whoever edits it back gets the bytes that there were, or is told why not.
void check_image(const Sources& sources) {
  Edits edits;
  if (!refusal({"E-COMPOSE-EDIT"}, [&] { edits = image_edit(sources, kOld, kNew); }).empty()) return;
  check_edits(sources, edits);
  const Sources after = with(edits, sources);
  for (const FileEdit& edit : edits) hold(edit.new_text.size() <= kNew.size(), "the fewest bytes change");
  const bool verbatim = std::none_of(edits.begin(), edits.end(), [](const FileEdit& edit) {
    return edit.old_text.find('\\') != std::string::npos;  // an escape, which is not written again
  });
  if (edits.empty()) return;
  refusal({"E-COMPOSE-EDIT"}, [&] {
    hold(image_edit(after, kNew, kNew).empty(), "what has been edited needs no edit");
    hold(!verbatim || with(image_edit(after, kNew, kOld), after).texts == sources.texts,
         "the edit back gives the bytes back");
  });
}

void check_mount(const Sources& sources) {
  const compose::MountChange change{
      .service = "db", .old_target = "/var/lib/postgresql/data", .new_target = "/var/lib/postgresql"};
  Edits edits;
  if (!refusal({"E-COMPOSE-EDIT"}, [&] { edits = compose::propose_mount_edit(sources, change); }).empty())
    return;
  check_edits(sources, edits);
  for (const auto& [path, text] : with(edits, sources).texts)
    hold(split_lines(text).size() == split_lines(sources.texts.at(path)).size(), "as many lines as before");
}

}  // namespace

// The compose file, the .env file and an override, with zero bytes between them.
void try_compose_editor(std::string_view input) {
  const Sources sources = sources_of(input);
  check_image(sources);
  check_mount(sources);
  for (const auto& [path, text] : sources.texts)
    refusal({"E-COMPOSE-EDIT"}, [&, content = text] { compose::referenced_files(content); });
}

}  // namespace pgupgrade::test::fuzz
