
# Consider dependencies only in project.
set(CMAKE_DEPENDS_IN_PROJECT_ONLY OFF)

# The set of languages for which implicit dependencies are needed:
set(CMAKE_DEPENDS_LANGUAGES
  )

# The set of dependency files which are needed:
set(CMAKE_DEPENDS_DEPENDENCY_FILES
  "/tmp/ing/tests/ingest/check_test.cc" "tests/ingest/CMakeFiles/ingest_test.dir/check_test.cc.o" "gcc" "tests/ingest/CMakeFiles/ingest_test.dir/check_test.cc.o.d"
  "/tmp/ing/tests/CMakeFiles/tocsin_test_support.dir/cmake_pch.hxx" "tests/ingest/CMakeFiles/ingest_test.dir/check_test.cc.o" "gcc" "tests/ingest/CMakeFiles/ingest_test.dir/check_test.cc.o.d"
  "/tmp/ing/tests/ingest/config_test.cc" "tests/ingest/CMakeFiles/ingest_test.dir/config_test.cc.o" "gcc" "tests/ingest/CMakeFiles/ingest_test.dir/config_test.cc.o.d"
  "/tmp/ing/tests/CMakeFiles/tocsin_test_support.dir/cmake_pch.hxx" "tests/ingest/CMakeFiles/ingest_test.dir/config_test.cc.o" "gcc" "tests/ingest/CMakeFiles/ingest_test.dir/config_test.cc.o.d"
  "/tmp/ing/tests/ingest/conformance_test.cc" "tests/ingest/CMakeFiles/ingest_test.dir/conformance_test.cc.o" "gcc" "tests/ingest/CMakeFiles/ingest_test.dir/conformance_test.cc.o.d"
  "/tmp/ing/tests/CMakeFiles/tocsin_test_support.dir/cmake_pch.hxx" "tests/ingest/CMakeFiles/ingest_test.dir/conformance_test.cc.o" "gcc" "tests/ingest/CMakeFiles/ingest_test.dir/conformance_test.cc.o.d"
  "/tmp/ing/tests/ingest/exposition_parser_test.cc" "tests/ingest/CMakeFiles/ingest_test.dir/exposition_parser_test.cc.o" "gcc" "tests/ingest/CMakeFiles/ingest_test.dir/exposition_parser_test.cc.o.d"
  "/tmp/ing/tests/CMakeFiles/tocsin_test_support.dir/cmake_pch.hxx" "tests/ingest/CMakeFiles/ingest_test.dir/exposition_parser_test.cc.o" "gcc" "tests/ingest/CMakeFiles/ingest_test.dir/exposition_parser_test.cc.o.d"
  "/tmp/ing/tests/ingest/relabel_test.cc" "tests/ingest/CMakeFiles/ingest_test.dir/relabel_test.cc.o" "gcc" "tests/ingest/CMakeFiles/ingest_test.dir/relabel_test.cc.o.d"
  "/tmp/ing/tests/CMakeFiles/tocsin_test_support.dir/cmake_pch.hxx" "tests/ingest/CMakeFiles/ingest_test.dir/relabel_test.cc.o" "gcc" "tests/ingest/CMakeFiles/ingest_test.dir/relabel_test.cc.o.d"
  "/tmp/ing/tests/ingest/scrape_manager_test.cc" "tests/ingest/CMakeFiles/ingest_test.dir/scrape_manager_test.cc.o" "gcc" "tests/ingest/CMakeFiles/ingest_test.dir/scrape_manager_test.cc.o.d"
  "/tmp/ing/tests/CMakeFiles/tocsin_test_support.dir/cmake_pch.hxx" "tests/ingest/CMakeFiles/ingest_test.dir/scrape_manager_test.cc.o" "gcc" "tests/ingest/CMakeFiles/ingest_test.dir/scrape_manager_test.cc.o.d"
  "/tmp/ing/tests/ingest/scrape_target_test.cc" "tests/ingest/CMakeFiles/ingest_test.dir/scrape_target_test.cc.o" "gcc" "tests/ingest/CMakeFiles/ingest_test.dir/scrape_target_test.cc.o.d"
  "/tmp/ing/tests/CMakeFiles/tocsin_test_support.dir/cmake_pch.hxx" "tests/ingest/CMakeFiles/ingest_test.dir/scrape_target_test.cc.o" "gcc" "tests/ingest/CMakeFiles/ingest_test.dir/scrape_target_test.cc.o.d"
  )

# Targets to which this target links.
set(CMAKE_TARGET_LINKED_INFO_FILES
  "/tmp/ing/tests/CMakeFiles/tocsin_test_support.dir/DependInfo.cmake"
  "/tmp/ing/ingest/CMakeFiles/tocsin_ingest.dir/DependInfo.cmake"
  "/tmp/ing/store/CMakeFiles/tocsin_store.dir/DependInfo.cmake"
  "/tmp/ing/base/CMakeFiles/tocsin_base.dir/DependInfo.cmake"
  )

# Fortran module output directory.
set(CMAKE_Fortran_TARGET_MODULE_DIR "")
