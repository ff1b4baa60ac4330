#include "pgupgrade/base/error.hpp"

#include <filesystem>
#include <new>

namespace pgupgrade {

Error::Error(Code code, const std::string& message, std::string hint)
    : std::runtime_error(message), kind_(ErrorKind::internal), code_(code), hint_(std::move(hint)) {
  if (const CodeRow* row = find_code(code.text()); row != nullptr && row->kind) kind_ = *row->kind;
}

Error as_error(const std::exception& exception) {
  if (const auto* const own = dynamic_cast<const Error*>(&exception)) return *own;
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr)
    return {ErrorKind::failed, "E-MEMORY", "could not allocate memory", "free some memory, then continue"};
  if (const auto* const file = dynamic_cast<const std::filesystem::filesystem_error*>(&exception)) {
    const std::string path = file->path1().empty() ? "a file" : file->path1().string();
    return {ErrorKind::failed, "E-FILE", "could not use " + path + ": " + file->code().message(),
            "fix the cause, then continue"};
  }
  return {ErrorKind::internal, "E-INTERNAL", std::string("cannot continue: ") + exception.what(),
          "this is a defect of pgupgrade; please report it with the log"};
}

}  // namespace pgupgrade
