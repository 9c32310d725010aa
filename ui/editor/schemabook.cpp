// SPDX-License-Identifier: GPL-3.0-or-later
#include "editor/schemabook.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>

// Outside any namespace, as the macro demands: a static library's resources are registered by hand.
static void registerSchema()
{
    Q_INIT_RESOURCE(schema);
}

namespace gatehouse::ui {
namespace {

constexpr std::size_t mostSchemas = 64;

QString jsonText(const QJsonValue& value)
{
    QByteArray list = QJsonDocument(QJsonArray{value}).toJson(QJsonDocument::Compact);
    return QString::fromUtf8(list.mid(1, list.size() - 2));
}

QJsonObject referred(const QJsonObject& root, const QString& reference)
{
    if (!reference.startsWith(QLatin1String("#/")))
        return reference == QLatin1String("#") ? root : QJsonObject();
    QJsonObject at = root;
    for (QString step : reference.mid(2).split(QLatin1Char('/')))
        at = at.value(step.replace(QStringLiteral("~1"), QStringLiteral("/"))
                          .replace(QStringLiteral("~0"), QStringLiteral("~")))
                 .toObject();
    return at;
}

void addOnce(std::vector<Proposal>& list, Proposal proposal)
{
    if (std::ranges::find(list, proposal.text, &Proposal::text) == list.end())
        list.push_back(std::move(proposal));
}

/// What follows from one step into a value that `schema` describes.
void addStep(std::vector<QJsonObject>& next, const QJsonObject& schema, const QString& step)
{
    const QJsonObject properties = schema.value(QLatin1String("properties")).toObject();
    bool isIndex = false;
    const int index = step.toInt(&isIndex);
    if (properties.contains(step))
        next.push_back(properties.value(step).toObject());
    else if (const QJsonValue other = schema.value(QLatin1String("additionalProperties")); other.isObject())
        next.push_back(other.toObject());
    const QJsonValue items = schema.value(QLatin1String("items"));
    if (isIndex && items.isObject())
        next.push_back(items.toObject());
    else if (isIndex && items.isArray())
        next.push_back(items.toArray().at(index).toObject());
}

} // namespace

SchemaBook::SchemaBook(const QByteArray& schema)
    : m_root(QJsonDocument::fromJson(schema).object())
{
}

SchemaBook SchemaBook::shipped()
{
    registerSchema();
    QFile file(QStringLiteral(":/policy/gatehouse.schema.json"));
    return file.open(QIODevice::ReadOnly) ? SchemaBook(file.readAll()) : SchemaBook();
}

std::vector<QJsonObject> SchemaBook::expanded(const std::vector<QJsonObject>& schemas) const
{
    std::vector<QJsonObject> all = schemas;
    for (std::size_t i = 0; i < all.size() && all.size() < mostSchemas; ++i) {
        const QJsonObject schema = all[i];
        if (schema.contains(QLatin1String("$ref")))
            all.push_back(referred(m_root, schema.value(QLatin1String("$ref")).toString()));
        for (const char* several : {"anyOf", "oneOf", "allOf"}) {
            for (const QJsonValue& one : schema.value(QLatin1String(several)).toArray())
                all.push_back(one.toObject());
        }
        for (const char* one : {"then", "else"}) {
            if (schema.contains(QLatin1String(one)))
                all.push_back(schema.value(QLatin1String(one)).toObject());
        }
    }
    return all;
}

std::vector<QJsonObject> SchemaBook::at(const QStringList& path) const
{
    std::vector<QJsonObject> here = expanded({m_root});
    for (const QString& step : path) {
        std::vector<QJsonObject> next;
        for (const QJsonObject& schema : here)
            addStep(next, schema, step);
        here = expanded(next);
    }
    return here;
}

QString SchemaBook::about(const QJsonObject& schema) const
{
    for (const QJsonObject& one : expanded({schema})) {
        const QString text = one.value(QLatin1String("description")).toString();
        if (!text.isEmpty())
            return text;
    }
    return {};
}

std::vector<Proposal> SchemaBook::keysOf(const JsonPlace& place) const
{
    std::vector<Proposal> all;
    for (const QJsonObject& schema : at(place.path)) {
        const QJsonObject properties = schema.value(QLatin1String("properties")).toObject();
        for (auto it = properties.begin(); it != properties.end(); ++it) {
            if (!place.keys.contains(it.key()))
                addOnce(all, {jsonText(it.key()), it.key(), about(it.value().toObject())});
        }
    }
    return all;
}

std::vector<Proposal> SchemaBook::valuesOf(const JsonPlace& place) const
{
    std::vector<Proposal> all;
    const auto add = [&](const QJsonValue& value, const QString& words) {
        addOnce(all, {jsonText(value), value.isString() ? value.toString() : jsonText(value), words});
    };
    const std::vector<QJsonObject> schemas = at(place.path);
    const auto described = std::ranges::find_if(
        schemas, [](const QJsonObject& one) { return one.contains(QLatin1String("description")); });
    const QString general =
        described == schemas.end() ? QString() : described->value(QLatin1String("description")).toString();
    for (const QJsonObject& schema : schemas) {
        const QString own = schema.value(QLatin1String("description")).toString();
        const QString words = own.isEmpty() ? general : own;
        for (const QJsonValue& value : schema.value(QLatin1String("enum")).toArray())
            add(value, words);
        if (schema.contains(QLatin1String("const")))
            add(schema.value(QLatin1String("const")), words);
        if (schema.value(QLatin1String("type")) == QLatin1String("boolean")) {
            add(true, words);
            add(false, words);
        }
    }
    return all;
}

std::vector<Proposal> SchemaBook::proposals(const JsonPlace& place) const
{
    if (isEmpty() || place.at == JsonPlace::At::Nothing)
        return {};
    std::vector<Proposal> all = place.at == JsonPlace::At::Key ? keysOf(place) : valuesOf(place);
    std::erase_if(all, [&](const Proposal& one) { return !one.name.contains(place.typed, Qt::CaseInsensitive); });
    std::ranges::stable_partition(
        all, [&](const Proposal& one) { return one.name.startsWith(place.typed, Qt::CaseInsensitive); });
    return all;
}

} // namespace gatehouse::ui
