# Outside packages, all from Debian (tools/setup installs them). Imported under names of our own where Debian's
# package brings none, so that the rooms' files read the same everywhere.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)

function(tocsin_import name library header)
  find_library(${name}_LIBRARY ${library} REQUIRED)
  find_path(${name}_INCLUDE ${header} REQUIRED)
  add_library(${name} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${${name}_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${${name}_INCLUDE})
endfunction()
tocsin_import(civetweb_library civetweb civetweb.h)
tocsin_import(snappy_library snappy snappy.h)
tocsin_import(deflate_library deflate libdeflate.h)
tocsin_import(zstd_library zstd zstd.h)
tocsin_import(prometheus_core prometheus-cpp-core prometheus/registry.h)

# Compiled in from its header: nothing to link.
find_path(xxhash_INCLUDE xxhash.h REQUIRED)
add_library(xxhash INTERFACE IMPORTED GLOBAL)
set_target_properties(xxhash PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${xxhash_INCLUDE})

if(TOCSIN_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
