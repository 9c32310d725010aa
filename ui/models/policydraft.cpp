// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/policydraft.h"

#include <QSettings>

namespace gatehouse::ui {
namespace {

QString key(const char* name)
{
    return QStringLiteral("policy/") + QLatin1StringView(name);
}

} // namespace

PolicyDraft::PolicyDraft(QSettings& settings)
    : m_settings(settings)
{
    const QByteArray packed = m_settings.value(key("draft")).toByteArray();
    if (packed.isEmpty())
        return;
    m_text = QString::fromUtf8(qUncompress(packed));
    m_exists = !m_text.isEmpty();
    m_base = m_settings.value(key("draftBase")).toString().toStdString();
    m_version = m_settings.value(key("draftVersion")).toULongLong();
}

void PolicyDraft::edit(const QString& text, const PolicyDocument& running)
{
    if (!m_exists) {
        m_base = running.version.hash;
        m_version = running.version.version;
    }
    const bool same = m_base == running.version.hash && text == QString::fromStdString(running.version.document);
    m_exists = !same;
    m_text = same ? QString() : text;
    m_saved = false;
}

void PolicyDraft::rebase(const PolicyDocument& running)
{
    m_base = running.version.hash;
    m_version = running.version.version;
    m_saved = false;
    save();
}

void PolicyDraft::clear()
{
    m_exists = false;
    m_text.clear();
    m_saved = false;
    save();
}

void PolicyDraft::save()
{
    if (m_saved)
        return;
    m_saved = true;
    if (!m_exists) {
        for (const char* name : {"draft", "draftBase", "draftVersion"})
            m_settings.remove(key(name));
        return;
    }
    m_settings.setValue(key("draft"), qCompress(m_text.toUtf8(), 1));
    m_settings.setValue(key("draftBase"), QString::fromStdString(m_base));
    m_settings.setValue(key("draftVersion"), static_cast<qulonglong>(m_version));
}

} // namespace gatehouse::ui
