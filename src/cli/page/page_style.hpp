#pragma once

namespace pgupgrade::cli {

// The page's style sheet: light and dark, narrow and printed.
extern const char* const kPageStyle;

}  // namespace pgupgrade::cli
