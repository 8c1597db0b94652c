#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/yaml/yaml.h"

namespace ingest {

// A key that Prometheus has and tocsin does not carry out: naming it in a file is an error that says so.
template <class T>
base::Field<T> NotSupported(std::string key, const std::string& instead = "") {
  const std::string message = "Prometheus knows this setting, tocsin does not support it" +
                              (instead.empty() ? std::string() : "; use " + instead);
  return {{std::move(key), "", "", "Not supported.", false, nullptr}, [message](const base::YamlReader& in, T&) {
            in.Fail(message);
            return false;
          }};
}

// A switch of which only one state exists here: giving that state is fine, the other is an error.
template <class T>
base::Field<T> OnlyBool(std::string key, bool state) {
  return {{std::move(key), "bool", state ? "true" : "false", "Only the default is supported.", false, nullptr},
          [state](const base::YamlReader& in, T&) {
            bool value = state;
            if (!base::ReadYaml(in, value)) return false;
            if (value != state) in.Fail(std::string("tocsin supports only ") + (state ? "true" : "false") + " here");
            return value == state;
          }};
}

template <class T>
void AddFields(std::vector<base::Field<T>>& fields, std::vector<base::Field<T>> more) {
  for (base::Field<T>& field : more) fields.push_back(std::move(field));
}

}  // namespace ingest
