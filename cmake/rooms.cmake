# The standard library's and fmt's headers that most files read, parsed once for all rooms. No header of the project's
# is among them: each file still includes what it needs, and `make lint` reads the files without this.
add_library(tocsin_precompiled OBJECT ${CMAKE_CURRENT_LIST_DIR}/precompiled.cc)
target_link_libraries(tocsin_precompiled PUBLIC tocsin_options fmt::fmt)
target_precompile_headers(tocsin_precompiled PRIVATE <algorithm> <atomic> <chrono> <expected> <fmt/format.h> <functional>
  <map> <memory> <mutex> <optional> <set> <span> <string> <string_view> <thread> <unordered_map> <variant> <vector>)

# tocsin_room(NAME SOURCES … HEADERS … USES … LIBRARIES …)
#   one static library per room; USES are other rooms (the arrows), LIBRARIES outside packages kept private.
function(tocsin_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;HEADERS;USES;LIBRARIES" ${ARGN})
  add_library(tocsin_${name} STATIC ${ROOM_SOURCES})
  add_library(tocsin::${name} ALIAS tocsin_${name})
  target_sources(tocsin_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${ROOM_HEADERS})
  list(TRANSFORM ROOM_USES PREPEND tocsin::)
  target_link_libraries(tocsin_${name} PUBLIC tocsin_options ${ROOM_USES} PRIVATE ${ROOM_LIBRARIES})
  target_precompile_headers(tocsin_${name} REUSE_FROM tocsin_precompiled)
endfunction()

# Seconds after which a test is taken to hang. No verdict depends on speed, so it is far above what any test needs on a
# busy machine.
set(TOCSIN_TEST_TIMEOUT 1800)

# tocsin_test(ROOM SOURCES … USES …): one test program per room, run by ctest case by case.
function(tocsin_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  add_executable(${name}_test ${TEST_SOURCES})
  list(TRANSFORM TEST_USES PREPEND tocsin::)
  target_link_libraries(${name}_test PRIVATE tocsin_test_support ${TEST_USES} ${TEST_LIBRARIES})
  target_precompile_headers(${name}_test REUSE_FROM tocsin_test_support)
  gtest_discover_tests(${name}_test TEST_PREFIX ${name}/ DISCOVERY_TIMEOUT 600 PROPERTIES TIMEOUT ${TOCSIN_TEST_TIMEOUT})
endfunction()

# tocsin_python_test(NAME FILE): the Python tests in the folder's FILE as one test of ctest, which counts as skipped if one
# of them skips itself. TOCSIN_PROGRAM names the program to test.
function(tocsin_python_test name file)
  add_test(NAME ${name} COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/tests/support/run_unittest.py ${file}
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${TOCSIN_TEST_TIMEOUT} SKIP_RETURN_CODE 77
    ENVIRONMENT "TOCSIN_PROGRAM=$<TARGET_FILE:tocsin>;TOCSIN=$<TARGET_FILE:tocsin>;PYTHONDONTWRITEBYTECODE=1")
endfunction()
