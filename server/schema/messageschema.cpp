// SPDX-License-Identifier: GPL-3.0-or-later
#include "schema/messageschema.h"

#include "schema/digest.h"
#include "schema/format.h"
#include "schema/schemadocument.h"

#include <algorithm>
#include <random>
#include <unordered_map>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/constraints/constraint_visitor.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>

namespace gatehouse {

namespace {

using Json = nlohmann::json;
using valijson::Subschema;

constexpr std::size_t deepestInPlace = 128; ///< subschemas of one and the same value within each other

/// Makes the nodes of one part out of what valijson made of it.
class PartCompiler final : public valijson::constraints::ConstraintVisitor {
public:
    using Places = std::unordered_map<std::string, SchemaNode*>;
    using Constants = std::function<Digest(const Json&)>;

    PartCompiler(const SchemaDocument& document, SchemaPlan& plan, const Places& parts, const Constants& digest)
        : m_document(document)
        , m_plan(plan)
        , m_parts(parts)
        , m_digest(digest)
    {
    }
    /// Fills the node that stands for the part.
    void compile(const Subschema& subschema, SchemaNode& target)
    {
        const std::string what = subschema.hasDescription() ? subschema.getDescription() : "S";
        target.pointer = what.substr(1);
        if (what.front() == 'R') {
            target.alias = m_parts.at(what.substr(1));
            return;
        }
        target.never = what.front() == 'F';
        SchemaNode* const around = std::exchange(m_node, &target);
        Subschema::ApplyFunction accept = [this](const valijson::constraints::Constraint& constraint) {
            return constraint.accept(*this);
        };
        (void)subschema.apply(accept);
        m_node = around;
    }

    bool visit(const AllOfConstraint& c) override { return list(c, combined().allOf); }
    bool visit(const AnyOfConstraint& c) override { return list(c, combined().anyOf); }
    bool visit(const OneOfConstraint& c) override { return list(c, combined().oneOf); }
    bool visit(const NotConstraint& c) override { return one(c.getSubschema(), combined().negated); }
    bool visit(const ConditionalConstraint& c) override
    {
        CombinedRules& rules = combined();
        return one(c.getIfSubschema(), rules.condition) && one(c.getThenSubschema(), rules.then) &&
               one(c.getElseSubschema(), rules.otherwise);
    }
    bool visit(const ConstConstraint&) override
    {
        m_node->constant = m_digest(value("const"));
        return true;
    }
    bool visit(const EnumConstraint&) override
    {
        std::vector<Digest> choices;
        for (const Json& each : value("enum"))
            choices.push_back(m_digest(each));
        std::ranges::sort(choices);
        m_node->choices = std::move(choices);
        return true;
    }
    bool visit(const ContainsConstraint& c) override { return one(c.getSubschema(), array().contains); }
    bool visit(const SingularItemsConstraint& c) override { return one(c.getItemsSubschema(), array().items); }
    bool visit(const LinearItemsConstraint& c) override
    {
        ArrayRules& rules = array();
        c.applyToItemSubschemas([&](unsigned, const Subschema* subschema) {
            rules.tuple.push_back(node(*subschema));
            return true;
        });
        return one(c.getAdditionalItemsSubschema(), rules.additional);
    }
    bool visit(const MaxItemsConstraint& c) override { return set(array().maxItems, c.getMaxItems()); }
    bool visit(const MinItemsConstraint& c) override { return set(array().minItems, c.getMinItems()); }
    bool visit(const UniqueItemsConstraint&) override { return array().unique = true; }
    bool visit(const MaximumConstraint& c) override
    {
        return c.getExclusiveMaximum() ? number("exclusiveMaximum", rules().exclusiveMaximum)
                                       : number("maximum", rules().maximum);
    }
    bool visit(const MinimumConstraint& c) override
    {
        return c.getExclusiveMinimum() ? number("exclusiveMinimum", rules().exclusiveMinimum)
                                       : number("minimum", rules().minimum);
    }
    bool visit(const MultipleOfDoubleConstraint&) override { return number("multipleOf", rules().multipleOf); }
    bool visit(const MultipleOfIntConstraint&) override { return number("multipleOf", rules().multipleOf); }
    bool visit(const MaxLengthConstraint& c) override { return set(string().maxLength, c.getMaxLength()); }
    bool visit(const MinLengthConstraint& c) override { return set(string().minLength, c.getMinLength()); }
    bool visit(const PatternConstraint& c) override
    {
        string().pattern = pattern(c.getPattern<std::string::allocator_type>());
        return true;
    }
    bool visit(const FormatConstraint& c) override
    {
        const auto format = formatFromWord(c.getFormat());
        string().format = format;
        if (const std::string text = format ? formatPattern(*format) : std::string(); !text.empty())
            string().formatPattern = pattern(text);
        return true;
    }
    bool visit(const MaxPropertiesConstraint& c) override { return set(object().maxProperties, c.getMaxProperties()); }
    bool visit(const MinPropertiesConstraint& c) override { return set(object().minProperties, c.getMinProperties()); }
    bool visit(const PropertyNamesConstraint& c) override { return one(c.getSubschema(), object().names); }
    bool visit(const PropertiesConstraint& c) override
    {
        ObjectRules& rules = object();
        c.applyToProperties([&](const auto& name, const Subschema* subschema) {
            rules.properties[std::string(name.c_str())].schema = node(*subschema);
            return true;
        });
        c.applyToPatternProperties([&](const auto& name, const Subschema* subschema) {
            rules.patterns.emplace_back(pattern(std::string(name.c_str())), node(*subschema));
            return true;
        });
        return one(c.getAdditionalPropertiesSubschema(), rules.additional);
    }
    bool visit(const RequiredConstraint&) override
    {
        ObjectRules& rules = object();
        for (const Json& name : value("required")) {
            PropertyRules& property = rules.properties[name.get<std::string>()];
            property.required = true;
            property.requiredIndex = rules.required++;
        }
        return true;
    }
    bool visit(const DependenciesConstraint& c) override
    {
        ObjectRules& rules = object();
        c.applyToPropertyDependencies([&](const auto& name, const auto& needed) {
            auto& [key, keys] = rules.dependencies.emplace_back(name.c_str(), std::vector<std::string>());
            for (const auto& each : needed)
                keys.emplace_back(each.c_str());
            return true;
        });
        c.applyToSchemaDependencies([&](const auto& name, const Subschema* subschema) {
            rules.schemaDependencies.emplace_back(name.c_str(), node(*subschema));
            return true;
        });
        return true;
    }
    bool visit(const TypeConstraint& c) override
    {
        c.applyToNamedTypes([&](TypeConstraint::JsonType type) {
            m_node->types |= bitOf(type);
            return true;
        });
        return true;
    }
    bool visit(const PolyConstraint&) override { return true; } // only where somebody adds one

private:
    static std::uint8_t bitOf(TypeConstraint::JsonType type)
    {
        switch (type) {
        case TypeConstraint::kArray:
            return ArrayType;
        case TypeConstraint::kBoolean:
            return BooleanType;
        case TypeConstraint::kInteger:
            return IntegerType;
        case TypeConstraint::kNull:
            return NullType;
        case TypeConstraint::kNumber:
            return NumberType;
        case TypeConstraint::kObject:
            return ObjectType;
        case TypeConstraint::kString:
            return StringType;
        case TypeConstraint::kAny: // of draft 3
            break;
        }
        return 0;
    }
    /// What stands beside the keyword in the text, exactly: valijson keeps numbers as doubles.
    const Json& value(const std::string& key) const { return m_document.at(m_node->pointer + '/' + key); }
    NodeRef node(const Subschema& subschema)
    {
        SchemaNode& made = *m_plan.nodes.emplace_back(std::make_unique<SchemaNode>());
        compile(subschema, made);
        return &made;
    }
    bool one(const Subschema* subschema, NodeRef& target)
    {
        if (subschema)
            target = node(*subschema);
        return true;
    }
    template <class Constraint> bool list(const Constraint& constraint, std::vector<NodeRef>& target)
    {
        constraint.applyToSubschemas([&](unsigned, const Subschema* subschema) {
            target.push_back(node(*subschema));
            return true;
        });
        return true;
    }
    static bool set(std::optional<std::uint64_t>& target, std::uint64_t value)
    {
        target = value;
        return true;
    }
    bool number(const std::string& key, std::optional<ExactNumber>& target)
    {
        const Json& at = value(key);
        if (at.is_number_unsigned())
            target = static_cast<ExactNumber>(at.get<std::uint64_t>());
        else if (at.is_number_integer())
            target = static_cast<ExactNumber>(at.get<std::int64_t>());
        else
            target = static_cast<ExactNumber>(at.get<double>());
        return true;
    }
    static std::unique_ptr<const Pattern> pattern(const std::string& text)
    {
        auto compiled = Pattern::compile(text);
        if (!compiled)
            throw std::runtime_error(compiled.error());
        return std::move(*compiled);
    }
    template <class Rules> static Rules& made(std::unique_ptr<Rules>& rules)
    {
        if (!rules)
            rules = std::make_unique<Rules>();
        return *rules;
    }
    NumberRules& rules() { return made(m_node->number); }
    StringRules& string() { return made(m_node->string); }
    ArrayRules& array() { return made(m_node->array); }
    ObjectRules& object() { return made(m_node->object); }
    CombinedRules& combined() { return made(m_node->combined); }

    const SchemaDocument& m_document;
    SchemaPlan& m_plan;
    const Places& m_parts;
    const Constants& m_digest;
    SchemaNode* m_node = nullptr;
};

/// The subschemas that are held against the same value as this one.
std::vector<NodeRef> inPlace(const SchemaNode& node)
{
    std::vector<NodeRef> result;
    const auto add = [&](NodeRef each) {
        if (each)
            result.push_back(each);
    };
    add(node.alias);
    if (node.combined) {
        for (const auto* list : {&node.combined->allOf, &node.combined->anyOf, &node.combined->oneOf})
            result.insert(result.end(), list->begin(), list->end());
        for (const NodeRef each :
             {node.combined->negated, node.combined->condition, node.combined->then, node.combined->otherwise})
            add(each);
    }
    if (node.object)
        for (const auto& [name, each] : node.object->schemaDependencies)
            add(each);
    return result;
}

/// Finds a schema that would never come to an end with a value, or only very deep in the stack. Walks without
/// recursion: a schema may chain as many references as it likes.
std::optional<SchemaError> findEndless(const SchemaPlan& plan)
{
    struct Step {
        NodeRef node;
        std::vector<NodeRef> next;
        std::size_t height = 0; ///< of the highest one that was walked
    };
    std::unordered_map<NodeRef, std::size_t> heights; ///< 0: it is being walked
    std::vector<Step> path;
    for (const auto& start : plan.nodes) {
        if (!heights.contains(start.get())) {
            heights.emplace(start.get(), 0);
            path.push_back({start.get(), inPlace(*start)});
        }
        while (!path.empty()) {
            Step& step = path.back();
            if (step.next.empty()) {
                const std::size_t height = heights[step.node] = step.height + 1;
                if (height > deepestInPlace)
                    return SchemaError{step.node->pointer, "more than " + std::to_string(deepestInPlace) +
                                                               " schemas of one value within each other"};
                path.pop_back();
                if (!path.empty())
                    path.back().height = std::max(path.back().height, height);
                continue;
            }
            const NodeRef next = step.next.back();
            step.next.pop_back();
            const auto [found, fresh] = heights.emplace(next, 0);
            if (fresh)
                path.push_back({next, inPlace(*next)});
            else if (found->second == 0)
                return SchemaError{next->pointer, "the schema refers to itself for the same value, without an end"};
            else
                step.height = std::max(step.height, found->second);
        }
    }
    return std::nullopt;
}

DigestKey freshKey()
{
    std::random_device random;
    DigestKey key{};
    for (std::uint64_t& word : key)
        word = (std::uint64_t{random()} << 32) | random();
    return key;
}

std::unique_ptr<SchemaPlan> makePlan(const SchemaDocument& document)
{
    auto plan = std::make_unique<SchemaPlan>();
    plan->key = freshKey();
    simdjson::dom::parser parser;
    const PartCompiler::Constants digest = [&](const Json& value) {
        std::uint64_t steps = 0;
        return digestOf(parser.parse(value.dump()).value(), plan->key, steps);
    };
    PartCompiler::Places places;
    for (const auto& [pointer, part] : document.parts())
        places[pointer] = plan->nodes.emplace_back(std::make_unique<SchemaNode>()).get();
    for (const auto& [pointer, part] : document.parts()) {
        valijson::Schema schema;
        valijson::SchemaParser compiler(valijson::SchemaParser::kDraft7);
        compiler.populateSchema(valijson::adapters::NlohmannJsonAdapter(part), schema);
        PartCompiler(document, *plan, places, digest).compile(schema, *places[pointer]);
    }
    plan->root = places.at("");
    return plan;
}

} // namespace

MessageSchema::MessageSchema(std::unique_ptr<const SchemaPlan> plan)
    : m_plan(std::move(plan))
{
}

MessageSchema::~MessageSchema() = default;

MessageSchema::Compiled MessageSchema::compile(std::string_view text)
{
    try {
        const SchemaDocument document(text);
        if (!document.errors().empty())
            return Failure{document.errors()};
        auto plan = makePlan(document);
        if (auto endless = findEndless(*plan))
            return Failure{std::vector{std::move(*endless)}};
        return std::shared_ptr<const MessageSchema>(std::make_shared<MessageSchema>(std::move(plan)));
    } catch (const std::exception& problem) { // of valijson or of nlohmann: a failure never opens the gate
        return Failure{std::vector{SchemaError{"", std::string("the schema cannot be compiled: ") + problem.what()}}};
    }
}

} // namespace gatehouse
