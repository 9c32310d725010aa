// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "schema/messagevalidator.h"
#include "schema/schemaplan.h"

#include <simdjson.h>

namespace gatehouse {

/// One message against one plan. The work is bounded in steps and in depth; what goes beyond does not fit.
class SchemaRun {
public:
    SchemaRun(const SchemaPlan& plan, std::vector<Digest>& scratch)
        : m_plan(plan)
        , m_scratch(scratch)
    {
    }
    [[nodiscard]] std::optional<SchemaMismatch> check(const simdjson::dom::element& message);

private:
    using Element = simdjson::dom::element;
    /// A value of the message, or a key of it, which is text alone.
    struct Value {
        const Element* element = nullptr;
        std::string_view key{};
    };

    [[nodiscard]] bool fits(NodeRef node, const Value& value);
    [[nodiscard]] bool fits(NodeRef node, const Element& value) { return fits(node, Value{&value}); }
    [[nodiscard]] bool fitsRules(const SchemaNode& node, const Value& value);
    [[nodiscard]] bool fitsConstants(const SchemaNode& node, const Value& value);
    [[nodiscard]] bool number(const SchemaNode& node, ExactNumber value);
    [[nodiscard]] bool string(const SchemaNode& node, std::string_view text);
    [[nodiscard]] bool array(const SchemaNode& node, simdjson::dom::array items);
    [[nodiscard]] bool unique(const SchemaNode& node, simdjson::dom::array items);
    [[nodiscard]] bool object(const SchemaNode& node, const Element& whole);
    [[nodiscard]] bool member(const SchemaNode& node, std::string_view key, const Element& value,
                              std::size_t& required);
    [[nodiscard]] bool dependencies(const SchemaNode& node, const Element& whole);
    [[nodiscard]] bool has(simdjson::dom::object value, std::string_view key);
    [[nodiscard]] bool combined(const SchemaNode& node, const Value& value);
    /// As fits(), without a word of why not.
    [[nodiscard]] bool probe(NodeRef node, const Value& value);
    /// Always false; remembers the first keyword that was not met.
    [[nodiscard]] bool fail(const SchemaNode& node, std::string_view keyword);
    [[nodiscard]] bool spent(std::uint64_t steps = 0);

    const SchemaPlan& m_plan;
    std::vector<Digest>& m_scratch; ///< a stack: arrays within each other
    std::uint64_t m_steps = 0;
    unsigned m_depth = 0;
    unsigned m_probing = 0;
    bool m_tooMuch = false;
    std::optional<SchemaMismatch> m_mismatch;
};

} // namespace gatehouse
