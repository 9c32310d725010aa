// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "input.h"
#include "schema/messageschema.h"
#include "schema/messagevalidator.h"

#include <nlohmann/json.hpp>
#include <string>

using namespace gatehouse;
using namespace gatehouse::fuzz;

namespace {

enum class Verdict : std::uint8_t { Fits, Misfit, GivenUp };

Verdict judge(MessageValidator& validator, const MessageSchema& schema)
{
    const auto mismatch = validator.check(schema);
    CHECK(validator.check(schema) == mismatch);
    return !mismatch ? Verdict::Fits : mismatch->tooMuchWork ? Verdict::GivenUp : Verdict::Misfit;
}

Verdict judge(MessageValidator& validator, const std::string& text)
{
    const auto schema = MessageSchema::compile(text);
    CHECK(schema.ok());
    return judge(validator, **schema);
}

/// A schema within others says what they make of it. Not where it refers to places of its own.
void checkWithin(MessageValidator& validator, const std::string& text, Verdict alone)
{
    const auto within = [&](const std::string& before, const std::string& behind) {
        return judge(validator, before + text + behind);
    };
    const auto expect = [&](Verdict found, bool same) {
        if (found == Verdict::GivenUp || alone == Verdict::GivenUp)
            return;
        CHECK((found == alone) == same);
    };
    expect(within(R"({"not":)", "}"), false);
    expect(within(R"({"not":{"not":)", "}}"), true);
    expect(within(R"({"allOf":[true,)", "]}"), true);
    expect(within(R"({"anyOf":[false,)", "]}"), true);
    expect(within(R"({"oneOf":[)", ",false]}"), true);
    expect(within(R"({"if":)", R"(,"else":false})"), true);
    expect(within(R"({"if":)", R"(,"then":false})"), false);
    expect(within(R"({"$ref":"#/definitions/d","definitions":{"d":)", "}}"), true);
}

void checkErrors(const std::vector<SchemaError>& errors)
{
    CHECK(!errors.empty());
    for (const SchemaError& error : errors)
        CHECK(!error.detail.empty() && (error.pointer.empty() || error.pointer.front() == '/'));
}

} // namespace

/// Two bytes say how long the schema is; it follows, and the message behind it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    const std::size_t length = input.word();
    const std::string text(asText(input.take(length)));
    const std::string_view message = asText(input.rest());
    const auto schema = MessageSchema::compile(text);
    if (!schema) {
        checkErrors(schema.error());
        return 0;
    }
    MessageValidator validator;
    if (validator.read(std::as_bytes(std::span(message))))
        return 0;
    const Verdict alone = judge(validator, **schema);
    if (const auto mismatch = validator.check(**schema); mismatch && !mismatch->tooMuchWork)
        CHECK(nlohmann::json::parse(text).contains(nlohmann::json::json_pointer(mismatch->pointer)));
    MessageValidator other; // compile() within another schema may be one level too deep
    const std::string deeper = "[[[[" + text + "]]]]";
    const bool deep = other.read(std::as_bytes(std::span(deeper))).has_value();
    if (!deep && text.find('$') == std::string::npos && text.find("\\u") == std::string::npos)
        checkWithin(validator, text, alone);
    return 0;
}
