// SPDX-License-Identifier: GPL-3.0-or-later
#include "schema/messageschema.h"
#include "schema/messagevalidator.h"

#include <iostream>
#include <nlohmann/json.hpp>

/// Judges what stands on standard input: a line {"schema": TEXT, "messages": [TEXT…]} is answered by a line
/// {"error": TEXT} where the schema does not compile, or {"pointers": [null where it fits, else POINTER or FAULT…]}.
int main()
{
    using namespace gatehouse;
    MessageValidator validator;
    for (std::string line; std::getline(std::cin, line);) {
        const auto request = nlohmann::json::parse(line);
        const auto compiled = MessageSchema::compile(request.at("schema").get<std::string>());
        if (!compiled) {
            const SchemaError& first = compiled.error().front();
            std::cout << nlohmann::json{{"error", first.pointer + ": " + first.detail}} << '\n';
            continue;
        }
        auto pointers = nlohmann::json::array();
        for (const auto& each : request.at("messages")) {
            const auto message = each.get<std::string>();
            if (const auto fault = validator.read(std::as_bytes(std::span(message))))
                pointers.push_back(jsonFaultText(*fault));
            else if (const auto mismatch = validator.check(**compiled))
                pointers.push_back(mismatch->pointer);
            else
                pointers.push_back(nullptr);
        }
        std::cout << nlohmann::json{{"pointers", pointers}} << '\n';
    }
    return 0;
}
