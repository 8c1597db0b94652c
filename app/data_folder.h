#pragma once

#include <memory>
#include <string>

#include "base/database.h"
#include "base/result.h"

namespace app {

// The folder of `--storage.path`, taken by this process alone until the object ends (a lock the kernel gives back when
// the process dies). Made where it is missing.
class DataFolder {
 public:
  static base::Result<std::unique_ptr<DataFolder>> Take(const std::string& path);
  ~DataFolder();
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;

  std::string DatabasePath() const { return path_ + "/tocsin.db"; }

 private:
  DataFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  const std::string path_;
  const int lock_;
};

}  // namespace app
