// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "editor/jsonplace.h"

#include <QJsonObject>

#include <vector>

namespace gatehouse::ui {

/// What may stand at a place of a document.
struct Proposal {
    QString text; ///< as JSON: "\"routes\"", "true"
    QString name; ///< for people
    QString about;

    friend bool operator==(const Proposal&, const Proposal&) = default;
};

/// A JSON Schema (draft 7) as far as it helps to write: properties, items, $ref within it, anyOf, oneOf, allOf, enum,
/// const, boolean. What else it says is not looked at.
class SchemaBook {
public:
    SchemaBook() = default;
    explicit SchemaBook(const QByteArray& schema);
    /// The schema of the policy, as it ships with the product.
    [[nodiscard]] static SchemaBook shipped();

    [[nodiscard]] bool isEmpty() const { return m_root.isEmpty(); }
    /// Keys in the schema's order of names, without those that the object has; for a value what it may be. Those that
    /// begin with what is typed come first, then those that hold it.
    [[nodiscard]] std::vector<Proposal> proposals(const JsonPlace& place) const;

private:
    [[nodiscard]] std::vector<QJsonObject> expanded(const std::vector<QJsonObject>& schemas) const;
    [[nodiscard]] std::vector<QJsonObject> at(const QStringList& path) const;
    [[nodiscard]] QString about(const QJsonObject& schema) const;
    [[nodiscard]] std::vector<Proposal> keysOf(const JsonPlace& place) const;
    [[nodiscard]] std::vector<Proposal> valuesOf(const JsonPlace& place) const;

    QJsonObject m_root;
};

} // namespace gatehouse::ui
