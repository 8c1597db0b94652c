# CMake generated Testfile for 
# Source directory: /tmp/ing/tests/ingest
# Build directory: /tmp/ing/tests/ingest
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
include("/tmp/ing/tests/ingest/ingest_test[1]_include.cmake")
