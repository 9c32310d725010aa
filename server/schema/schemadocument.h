// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "schema/messageschema.h"

#include <map>
#include <nlohmann/json.hpp>
#include <vector>

namespace gatehouse {

/// A schema's text, checked against draft 7 keyword by keyword, and cut at its references: valijson is given each part
/// alone, so that it never resolves one. In a part every subschema is an object whose `description` says which one it
/// is: 'S' and its pointer; 'F' and its pointer where it is `false`; 'R' and the pointer of what it refers to.
class SchemaDocument {
public:
    explicit SchemaDocument(std::string_view text);

    [[nodiscard]] const std::vector<SchemaError>& errors() const { return m_errors; }
    /// By the pointer of its root: "" and every target of a reference.
    [[nodiscard]] const std::map<std::string, nlohmann::json>& parts() const { return m_parts; }
    /// What stands at a pointer of the schema as it was written.
    [[nodiscard]] const nlohmann::json& at(const std::string& pointer) const;

private:
    using Json = nlohmann::json;

    void error(const std::string& pointer, std::string detail);
    void findAnchors(const Json& value, const std::string& pointer);
    void checkDialect(const Json& schema, const std::string& pointer);
    void checkId(const Json& value, const std::string& pointer, bool root);
    [[nodiscard]] Json part(const Json& schema, const std::string& pointer);
    [[nodiscard]] Json reference(const Json& target, const std::string& pointer);
    [[nodiscard]] std::string targetOf(std::string text, const std::string& pointer);
    void keyword(const std::string& key, const Json& value, const std::string& pointer, Json& result);
    bool annotation(const std::string& key, const Json& value, const std::string& pointer);
    bool plainKeyword(const std::string& key, const Json& value, const std::string& pointer, Json& result);
    void schemas(const std::string& key, const Json& value, const std::string& pointer, Json& result);
    void schemaMap(const std::string& key, const Json& value, const std::string& pointer, Json& result);
    void dependencies(const Json& value, const std::string& pointer, Json& result);
    void type(const Json& value, const std::string& pointer);
    void count(const std::string& key, const Json& value, const std::string& pointer, Json& result);
    void pattern(const std::string& text, const std::string& pointer);
    bool names(const Json& value, const std::string& pointer);
    void name(const std::string& text, const std::string& pointer);

    Json m_root;
    std::string m_id; ///< of the root, without its fragment
    std::map<std::string, std::string> m_anchors;
    std::vector<std::string> m_wanted; ///< targets of references whose part is still to be made
    std::map<std::string, Json> m_parts;
    std::vector<SchemaError> m_errors;
};

} // namespace gatehouse
