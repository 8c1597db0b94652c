file(REMOVE_RECURSE
  "CMakeFiles/ingest_test.dir/check_test.cc.o"
  "CMakeFiles/ingest_test.dir/check_test.cc.o.d"
  "CMakeFiles/ingest_test.dir/config_test.cc.o"
  "CMakeFiles/ingest_test.dir/config_test.cc.o.d"
  "CMakeFiles/ingest_test.dir/conformance_test.cc.o"
  "CMakeFiles/ingest_test.dir/conformance_test.cc.o.d"
  "CMakeFiles/ingest_test.dir/exposition_parser_test.cc.o"
  "CMakeFiles/ingest_test.dir/exposition_parser_test.cc.o.d"
  "CMakeFiles/ingest_test.dir/relabel_test.cc.o"
  "CMakeFiles/ingest_test.dir/relabel_test.cc.o.d"
  "CMakeFiles/ingest_test.dir/scrape_manager_test.cc.o"
  "CMakeFiles/ingest_test.dir/scrape_manager_test.cc.o.d"
  "CMakeFiles/ingest_test.dir/scrape_target_test.cc.o"
  "CMakeFiles/ingest_test.dir/scrape_target_test.cc.o.d"
  "ingest_test"
  "ingest_test.pdb"
  "ingest_test[1]_tests.cmake"
)

# Per-language clean rules from dependency scanning.
foreach(lang CXX)
  include(CMakeFiles/ingest_test.dir/cmake_clean_${lang}.cmake OPTIONAL)
endforeach()
