// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/document.h"

#include "policy/documentreader.h"
#include "policy/documenttext.h"

#include <algorithm>

namespace gatehouse {

namespace {

using Kind = JsonValue::Kind;
using Code = PolicyErrorCode;

/// Tells `reader` of every object below `at`; `object` as in arrangeDocument().
void checkKeys(DocumentReader& reader, const Node& at, std::string_view object)
{
    const DocumentObject* known = documentObject(object);
    if (!known)
        return;
    if (at.is(Kind::Array))
        for (const Node& item : reader.items(at))
            checkKeys(reader, item, object);
    if (!at.is(Kind::Object))
        return;
    if (known->entries.empty())
        reader.object(at, object);
    for (const JsonMember& member : at.value->members) {
        const DocumentKey* key = known->find(member.key);
        const std::string_view inner = key ? key->object : known->entries;
        if (!inner.empty())
            checkKeys(reader, {&member.value, at.pointer + "/" + pointerStep(member.key), member.value.offset}, inner);
    }
}

Failure<std::vector<PolicyError>> tooLong()
{
    return Failure{std::vector<PolicyError>{{Code::Unreadable, {}, 0, 0, "more than 4 MiB"}}};
}

} // namespace

Result<std::string, std::vector<PolicyError>> canonicalDocument(std::string_view text)
{
    if (text.size() > largestDocument)
        return tooLong();
    DocumentReader reader(text);
    const auto root = reader.parse();
    if (!root)
        return Failure{reader.takeErrors()};
    checkKeys(reader, *root, rootObject);
    std::vector<PolicyError> errors = reader.takeErrors();
    if (errors.size() >= mostPolicyErrors) // what matters may not be among them
        return Failure{std::move(errors)};
    std::erase_if(errors, [](const PolicyError& error) {
        return error.code != Code::UnknownKey && error.code != Code::DuplicateKey;
    });
    if (!errors.empty())
        return Failure{std::move(errors)};
    JsonValue arranged = *root->value;
    arrangeDocument(arranged, rootObject);
    std::string canonical = jsonLines(arranged, text, largestDocument);
    if (canonical.size() > largestDocument)
        return tooLong();
    return canonical;
}

} // namespace gatehouse
