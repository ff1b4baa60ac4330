# The Debian package: `cpack -G DEB` in the build directory, or scripts/package.
set(CPACK_PACKAGE_NAME pgupgrade)
set(CPACK_PACKAGE_VENDOR "The pgupgrade authors")
set(CPACK_PACKAGE_CONTACT "The pgupgrade authors <maintainers@pgupgrade.invalid>")
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_COMPONENTS_ALL runtime debian)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "docker-compose | docker-compose-plugin")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "upgrades PostgreSQL in Docker Compose projects")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"pgupgrade takes the PostgreSQL of a Docker Compose project to a new major
version: planned before, proven after, resumable after any crash, undone by
one command. At every instant at least one complete, verified copy of the
old data exists.")
configure_file("${PROJECT_SOURCE_DIR}/cmake/debian/changelog.in" "${CMAKE_BINARY_DIR}/changelog.Debian" @ONLY)
include(CPack)
