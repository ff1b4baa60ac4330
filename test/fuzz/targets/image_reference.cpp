#include "pgupgrade/planning/image_reference.hpp"
#include "fuzz/targets.hpp"

namespace pgupgrade::test::fuzz {

void try_image_reference(std::string_view input) {
  using namespace planning;
  const auto image = parse_image_reference(input);
  if (!image) return;
  hold(image->text() == input, "an image reference is written as it was read");
  const auto major = major_in_tag(image->tag);
  if (!major) return hold(!retarget(*image, 15, 17), "a tag without a major leads to no other");
  hold(!retarget(*image, *major + 1, 17), "a tag of another major is not changed");
  const auto changed = retarget(*image, *major, 17);
  if (!changed) return hold(image->tag.size() >= 128, "a tag with a major leads to another, if that fits");
  hold(parse_image_reference(changed->text()) == changed, "the new reference is one");
  hold(major_in_tag(changed->tag) == 17, "its tag names the new major");
  hold(changed->repository == image->repository && changed->digest.empty(),
       "the repository stays, the digest goes");
}

}  // namespace pgupgrade::test::fuzz
