# What every target of ours is compiled with, as INTERFACE targets: nothing leaks into dependencies.
option(PGUPGRADE_TESTS "Build the tests" ON)
option(PGUPGRADE_FUZZ "Build the fuzz targets, which need clang" OFF)
option(PGUPGRADE_WERROR "Warnings are errors" OFF)
set(PGUPGRADE_SANITIZE "" CACHE STRING "Value for -fsanitize=, empty for none")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(PGUPGRADE_CCACHE ccache)
if(PGUPGRADE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${PGUPGRADE_CCACHE}")
endif()

add_library(pgupgrade_standard INTERFACE)
target_include_directories(pgupgrade_standard INTERFACE "${PROJECT_SOURCE_DIR}/include")
target_compile_definitions(pgupgrade_standard INTERFACE
  PGUPGRADE_VERSION="${PROJECT_VERSION}" BOOST_ALL_NO_LIB FMT_ENFORCE_COMPILE_STRING=0)
target_compile_options(pgupgrade_standard INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual -Woverloaded-virtual
  -Wconversion -Wno-sign-conversion -Wimplicit-fallthrough)
# Designated initialisers leave the rest at their defaults on purpose.
target_compile_options(pgupgrade_standard INTERFACE -Wno-missing-field-initializers)
# GCC 12 and 13 take the short strings of std::string for overlapping or not yet written memory when they inline
# a lot; real cases are found by the sanitizers and by clang-tidy.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  target_compile_options(pgupgrade_standard INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(PGUPGRADE_WERROR)
  target_compile_options(pgupgrade_standard INTERFACE -Werror)
endif()
if(PGUPGRADE_SANITIZE)
  target_compile_options(pgupgrade_standard INTERFACE -fsanitize=${PGUPGRADE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(pgupgrade_standard INTERFACE -fsanitize=${PGUPGRADE_SANITIZE})
endif()
