#pragma once

#include <filesystem>

namespace pgupgrade::test {

// Places of this checkout, known to one file alone: so what is compiled here serves another checkout as well.
std::filesystem::path source_directory();
std::filesystem::path test_data();  // test/ of the checkout
std::filesystem::path program();    // pgupgrade as built

}  // namespace pgupgrade::test
