// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse {

struct SchemaPlan;

/// One thing wrong with a schema.
struct SchemaError {
    std::string pointer; ///< JSON pointer (RFC 6901) into the schema
    std::string detail;

    friend bool operator==(const SchemaError&, const SchemaError&) = default;
};

/// A JSON Schema (draft 7), compiled once when the policy is read. Immutable; shared by all threads.
class MessageSchema {
public:
    using Compiled = Result<std::shared_ptr<const MessageSchema>, std::vector<SchemaError>>;

    /// What the draft forbids, and beyond it: a reference out of the document, a pattern that RE2 cannot say, a format
    /// that is not known, a schema of another draft, one that refers to itself without going deeper into the message.
    [[nodiscard]] static Compiled compile(std::string_view text);

    explicit MessageSchema(std::unique_ptr<const SchemaPlan> plan);
    ~MessageSchema();
    MessageSchema(const MessageSchema&) = delete;
    MessageSchema& operator=(const MessageSchema&) = delete;

    [[nodiscard]] const SchemaPlan& plan() const { return *m_plan; }

private:
    std::unique_ptr<const SchemaPlan> m_plan;
};

} // namespace gatehouse
