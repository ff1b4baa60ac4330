#include "pgupgrade/base/hash.hpp"

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/files.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace pgupgrade;
using pgupgrade::test::TemporaryDirectory;

TEST_CASE("SHA-256 gives the digests of the standard") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a digest does not depend on how the bytes arrive") {
  Sha256 hash;
  hash.update("a");
  Sha256 moved = std::move(hash);
  moved.update("");
  moved.update("bc");
  CHECK(moved.finish() == sha256_hex("abc"));
}

TEST_CASE("a file has the digest of its content") {
  const TemporaryDirectory directory;
  const std::string content(1'000'003, 'x');
  write_file_durably(directory / "file", content);
  CHECK(sha256_hex_of_file(directory / "file") == sha256_hex(content));
  CHECK_THROWS_AS(sha256_hex_of_file(directory / "none"), Error);
}

TEST_CASE("random hex has the length asked for and does not repeat") {
  const std::string text = random_hex(16);
  CHECK(text.size() == 32);
  CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(random_hex(16) != text);
  CHECK(random_hex(0).empty());
}
