add_executable(exposition_bench exposition_bench.cc)
target_link_libraries(exposition_bench PRIVATE tocsin_options tocsin::exporter prometheus_core fmt::fmt)
