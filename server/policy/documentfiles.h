// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/documentreader.h"

#include <functional>
#include <string_view>

namespace gatehouse {

/// `file` is a text that names a file, `within` the object in which it is the value of `key`.
using TellFile = std::function<void(const DocumentKey& key, const Node& file, const Node& within)>;

/// Tells of every text below `at` that names a file; `object` as in arrangeDocument().
void eachFile(const Node& at, std::string_view object, const TellFile& tell);

} // namespace gatehouse
