// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "control/jsonbounds.h"
#include "control/jsonslices.h"

#include <nlohmann/json.hpp>

using namespace gatehouse;
using nlohmann::json;

namespace {

bool liesIn(std::string_view part, std::string_view whole)
{
    const std::less_equal<> before;
    return before(whole.data(), part.data()) && before(part.data() + part.size(), whole.data() + whole.size());
}

/// The slices of a value, and theirs, are what a parser that reads the whole has there.
void compare(std::string_view text, const json& value)
{
    const auto members = jsonMembers(text);
    const auto elements = jsonElements(text);
    CHECK(members.empty() || value.is_object());
    CHECK(elements.empty() || value.is_array());
    if (value.is_object()) {
        CHECK(members.size() >= value.size());
        std::map<std::string, std::string_view> last; // of a key that stands there twice
        for (const JsonSlice& member : members) {
            CHECK(liesIn(member.value, text));
            last[member.name] = member.value;
        }
        CHECK(last.size() == value.size());
        for (const auto& [name, slice] : last)
            compare(slice, value.at(name));
    } else if (value.is_array()) {
        CHECK(elements.size() == value.size());
        for (std::size_t i = 0; i < elements.size(); ++i)
            compare(elements[i], value[i]);
    } else {
        CHECK(json::parse(text) == value);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    for (const JsonSlice& member : jsonMembers(text)) // of anything: nothing is looked at beyond the end
        CHECK(liesIn(member.value, text));
    for (const std::string_view element : jsonElements(text))
        CHECK(liesIn(element, text));
    if (nestsDeeper(text, deepestBody))
        return 0;
    if (const json value = json::parse(text, nullptr, false); !value.is_discarded())
        compare(text, value);
    return 0;
}
