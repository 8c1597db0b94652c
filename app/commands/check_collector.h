#pragma once

#include <vector>

#include "app/command_line.h"
#include "exporter/config.h"

namespace app {

// `tocsin check collector [NAME…]`: runs collectors of a tocsin.yml once, all of them without a NAME. Their series go
// to standard output as a page of metrics; what was left out and why, and what failed, to standard error. kFailed where
// a database could not be reached or a query failed.
int CheckCollectors(const Invocation& invocation);
std::vector<Flag> CheckCollectorFlags();

// Runs every collector once and tells on standard output how each went, in a line. False if one failed.
bool ConnectAndCollect(const exporter::ExporterConfig& written);

}  // namespace app
