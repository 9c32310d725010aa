// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "setup/keyrotation.h"

#include <string>

namespace gatehouse::ctl {

/// What a rotation did, for people.
[[nodiscard]] std::string rotationText(const KeyRotation& rotation);

/// An object; `reloaded`: a running server uses the new secret.
[[nodiscard]] std::string rotationJson(const KeyRotation& rotation, bool reloaded);

} // namespace gatehouse::ctl
