// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/policyfile.h"

#include "policy/load.h"
#include "policy/privatefile.h"
#include "setup/newfile.h"

namespace gatehouse {

void PolicyFile::tick()
{
    const TimePoint now = m_clock.now();
    if (now < m_nextLook)
        return;
    m_nextLook = now + lookEvery;
    const FileStamp stamp = stampOf(m_file);
    if (stamp == m_known)
        return;
    if (stamp != m_seen) { // an editor may still write
        m_seen = stamp;
        return;
    }
    m_known = stamp;
    m_changed();
}

Result<std::string, std::string> PolicyFile::read()
{
    m_known = stampOf(m_file); // before its text: what changes in between is seen
    return peek();
}

Result<std::string, std::string> PolicyFile::peek() const
{
    return readWholeFile(m_file, largestDocument);
}

Result<Done, std::string> PolicyFile::write(const std::string& text)
{
    if (auto written = replaceFile(m_file, text); !written)
        return written;
    const FileStamp stamp = stampOf(m_file);
    if (const auto held = peek(); held && *held == text)
        m_known = stamp;
    return Done{};
}

} // namespace gatehouse
