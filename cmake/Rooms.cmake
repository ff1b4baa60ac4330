# A room is src/<room>/**.cpp with headers in include/pgupgrade/<room>/, one static library each.
# pgupgrade_room(name LINKS libraries...) links the room to all rooms declared before it.
set_property(GLOBAL PROPERTY PGUPGRADE_ROOMS "")

function(pgupgrade_room name)
  cmake_parse_arguments(ROOM "" "" "LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp")
  add_library(pgupgrade_${name} STATIC ${sources})
  set_target_properties(pgupgrade_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(pgupgrade_${name} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  get_property(rooms GLOBAL PROPERTY PGUPGRADE_ROOMS)
  foreach(room IN LISTS rooms)
    target_link_libraries(pgupgrade_${name} PUBLIC pgupgrade_${room})
  endforeach()
  target_link_libraries(pgupgrade_${name} PUBLIC pgupgrade_standard PRIVATE ${ROOM_LINKS})
  list(PREPEND rooms ${name})
  set_property(GLOBAL PROPERTY PGUPGRADE_ROOMS "${rooms}")
endfunction()
