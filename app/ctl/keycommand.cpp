// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/keycommand.h"

#include "ctl/terminaltext.h"
#include "domain/isotime.h"
#include "policy/json.h"

namespace gatehouse::ctl {

std::string rotationText(const KeyRotation& rotation)
{
    std::string text = "Issuer " + escaped(rotation.issuer) + " signs with " + escaped(rotation.secret.string()) +
                       ".\n" + escaped(rotation.previous.string()) + " verifies until " +
                       formatTime(rotation.previousUntil) + ".\n";
    if (rotation.pruned > 0)
        text += std::to_string(rotation.pruned) + " older " + (rotation.pruned == 1 ? "one was" : "ones were") +
                " over and taken out.\n";
    return text;
}

std::string rotationJson(const KeyRotation& rotation, bool reloaded)
{
    return "{\n  \"issuer\": " + jsonQuoted(rotation.issuer) +
           ",\n  \"secret_file\": " + jsonQuoted(rotation.secret.string()) +
           ",\n  \"previous\": {\n    \"secret_file\": " + jsonQuoted(rotation.previous.string()) +
           ",\n    \"until\": " + jsonQuoted(formatTime(rotation.previousUntil)) +
           "\n  },\n  \"pruned\": " + std::to_string(rotation.pruned) +
           ",\n  \"reloaded\": " + (reloaded ? "true" : "false") + "\n}\n";
}

} // namespace gatehouse::ctl
