// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/base64url.h"
#include "auth/claims.h"
#include "auth/token.h"
#include "policy/json.h"
#include "policy/text.h"

namespace gatehouse {

std::string claimedUser(std::string_view token)
{
    const std::size_t first = token.find('.');
    const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (token.size() > longestToken || second == std::string_view::npos)
        return {};
    const auto payload = base64urlDecoded(token.substr(first + 1, second - first - 1));
    if (!payload)
        return {};
    const auto document = parseJson(*payload, deepestClaims);
    if (!document || !document->root.is(JsonValue::Kind::Object))
        return {};
    const JsonValue* user = document->root.find("sub");
    if (!user || !user->is(JsonValue::Kind::String) || user->text.size() > longestUser || !isPlainText(user->text))
        return {};
    return user->text;
}

} // namespace gatehouse
