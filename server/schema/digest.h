// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "schema/schemaplan.h"

#include <simdjson.h>

namespace gatehouse {

/// Of a value as JSON Schema compares (draft 7 §4.2.3, core §4.2.3): numbers by their value, objects whatever the order
/// of their members. `steps` is raised by what it cost.
[[nodiscard]] Digest digestOf(const simdjson::dom::element& value, const DigestKey& key, std::uint64_t& steps);
[[nodiscard]] Digest digestOf(std::string_view text, const DigestKey& key, std::uint64_t& steps);

} // namespace gatehouse
