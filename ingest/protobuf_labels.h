#pragma once

#include <string>
#include <string_view>

#include "base/labels.h"
#include "ingest/exposition_parser.h"
#include "ingest/protobuf_fields.h"

// LabelPair and Exemplar of io.prometheus.client. Mistakes go to `fault`.

namespace ingest {

base::Label ReadLabel(std::string_view message, ProtobufFault& fault);  // views into the message
Exemplar ReadExemplar(std::string_view message, ProtobufFault& fault);

// The way they stand in a line of text: `name="value"`, the name in quotes too where it has to be.
void AppendLabel(std::string& out, base::Label label);
void AppendEscaped(std::string& out, std::string_view text);

}  // namespace ingest
