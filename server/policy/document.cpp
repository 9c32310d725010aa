// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/document.h"

#include "policy/documentreader.h"

namespace gatehouse {

Result<std::string, std::vector<PolicyError>> canonicalDocument(std::string_view text)
{
    DocumentReader reader(text);
    if (!reader.parse() || reader.failed())
        return Failure{reader.takeErrors()};
    return std::string(text);
}

} // namespace gatehouse
