// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/documentfiles.h"

#include <string>

namespace gatehouse {

using Kind = JsonValue::Kind;

void eachFile(const Node& at, std::string_view object, const TellFile& tell)
{
    const DocumentObject* known = documentObject(object);
    if (!known || !at)
        return;
    if (at.is(Kind::Array))
        for (std::size_t i = 0; i < at.value->items.size(); ++i) {
            const JsonValue& item = at.value->items[i];
            eachFile({&item, at.pointer + "/" + std::to_string(i), item.offset}, object, tell);
        }
    if (!at.is(Kind::Object))
        return;
    for (const JsonMember& member : at.value->members) {
        const DocumentKey* key = known->find(member.key);
        const Node node{&member.value, at.pointer + "/" + pointerStep(member.key), member.value.offset};
        if (key && key->file && node.is(Kind::String))
            tell(*key, node, at);
        const std::string_view inner = key ? key->object : known->entries;
        if (!inner.empty())
            eachFile(node, inner, tell);
    }
}

} // namespace gatehouse
