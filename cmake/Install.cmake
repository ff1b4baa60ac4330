# What `cmake --install` and the Debian package place, and where. The program prints its manual pages and completions
# itself, each time that it is linked.
include(GNUInstallDirs)
set(pages "${CMAKE_BINARY_DIR}/pages")
add_custom_command(TARGET pgupgrade POST_BUILD VERBATIM
  COMMAND "${CMAKE_COMMAND}" "-DPROGRAM=$<TARGET_FILE:pgupgrade>" "-DINTO=${pages}" -P "${PROJECT_SOURCE_DIR}/cmake/MakePages.cmake")

# runtime: everywhere. local: where zsh looks for what is not of the distribution. debian: what only its packages have.
install(TARGETS pgupgrade COMPONENT runtime)
install(FILES "${pages}/pgupgrade.1.gz" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT runtime)
install(FILES "${pages}/pgupgrade-codes.7.gz" DESTINATION "${CMAKE_INSTALL_MANDIR}/man7" COMPONENT runtime)
install(FILES "${pages}/pgupgrade.bash" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
  RENAME pgupgrade COMPONENT runtime)
install(FILES "${pages}/pgupgrade.fish" DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d" COMPONENT runtime)
install(FILES "${pages}/pgupgrade.zsh" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions"
  RENAME _pgupgrade COMPONENT local)
install(FILES "${pages}/pgupgrade.zsh" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions"
  RENAME _pgupgrade COMPONENT debian EXCLUDE_FROM_ALL)
file(GLOB schemas CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/*/*.schema.json" "${PROJECT_SOURCE_DIR}/src/*/*/*.schema.json")
install(FILES ${schemas} DESTINATION "${CMAKE_INSTALL_DATADIR}/pgupgrade" COMPONENT runtime)
install(FILES "${PROJECT_SOURCE_DIR}/README.md" DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT runtime)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}" RENAME copyright COMPONENT runtime)

# changelog.gz is the project's, changelog.Debian.gz the package's.
add_custom_command(TARGET pgupgrade POST_BUILD
  COMMAND gzip -9nc "${PROJECT_SOURCE_DIR}/CHANGELOG.md" > "${pages}/changelog.gz"
  COMMAND gzip -9nc "${CMAKE_BINARY_DIR}/changelog.Debian" > "${pages}/changelog.Debian.gz")
install(FILES "${pages}/changelog.gz" DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT runtime)
install(FILES "${pages}/changelog.Debian.gz" DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT debian EXCLUDE_FROM_ALL)
