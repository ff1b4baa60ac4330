#include "support/schema.hpp"

#include <stdexcept>

#include "pgupgrade/base/process.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/paths.hpp"
#include "support/temporary_directory.hpp"

namespace pgupgrade::test {

std::vector<std::string> schema_findings(const std::filesystem::path& schema,
                                         const std::vector<std::string>& documents) {
  const TemporaryDirectory directory;
  std::vector<std::string> argv = {"/usr/bin/python3", (test_data() / "support" / "validate.py").native(),
                                   (source_directory() / "src").native(), schema.native()};
  for (std::size_t i = 0; i < documents.size(); ++i)
    argv.push_back(directory.write(std::to_string(i) + ".json", documents[i]));
  const ProcessResult result = run_process(argv);
  if (!result.succeeded()) throw std::runtime_error(result.standard_error);
  return split_lines(result.standard_output);
}

}  // namespace pgupgrade::test
