// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/secretuses.h"

#include "policy/documentfiles.h"
#include "policy/upstreamurl.h"

#include <string_view>
#include <system_error>
#include <vector>

namespace gatehouse {

namespace {

using Kind = JsonValue::Kind;
using Code = PolicyErrorCode;

constexpr std::string_view shownKey = "auth_header_file"; // the one secret that others get to see
constexpr std::string_view whereItIsDone = "on the server itself, through gatehousectl or its console there";

} // namespace

SecretUses::SecretUses(const Node& root, std::filesystem::path folder)
    : m_folder(std::move(folder))
{
    eachFile(root, rootObject, [&](const DocumentKey& key, const Node& file, const Node& within) {
        const std::string real = realPath(file.value->text);
        m_uses.emplace(key.name, real);
        if (key.secret)
            m_secrets.insert(real);
        if (key.name != shownKey)
            return;
        for (const Upstream& upstream : upstreamsOf(within)) {
            m_shown.emplace(real, upstream.origin);
            m_trusts.emplace(real, upstream.origin, authoritiesOf(within));
        }
    });
}

void SecretUses::check(DocumentReader& reader, const DocumentKey& key, const Node& file, const Node& within) const
{
    const std::string real = realPath(file.value->text);
    if (m_uses.contains({std::string(key.name), real})) {
        if (key.name == shownKey)
            checkUpstreams(reader, file, within);
    } else if (key.secret) {
        reader.error(Code::Insecure, file,
                     "the policy that runs has no such use of this file, which is to hold a secret: a new one begins "
                     "only " +
                         std::string(whereItIsDone));
    } else if (m_secrets.contains(real)) {
        reader.error(Code::Insecure, file,
                     "the policy that runs keeps a secret in this file: another use of it begins only " +
                         std::string(whereItIsDone));
    }
}

std::string SecretUses::realPath(const std::string& file) const
{
    const std::filesystem::path path = (m_folder / file).lexically_normal();
    std::error_code error;
    const auto real = std::filesystem::weakly_canonical(path, error);
    return error ? path.string() : real.string();
}

std::vector<SecretUses::Upstream> SecretUses::upstreamsOf(const Node& gateway)
{
    std::vector<Upstream> upstreams;
    const Node list = DocumentReader::member(gateway, "upstreams");
    for (std::size_t i = 0; list.is(Kind::Array) && i < list.value->items.size(); ++i) {
        const JsonValue& item = list.value->items[i];
        const auto url = parseUpstreamUrl(item.kind == Kind::String ? item.text : std::string());
        if (url) // others say what is wrong with it
            upstreams.push_back({{&item, list.pointer + "/" + std::to_string(i), item.offset}, originOf(*url)});
    }
    return upstreams;
}

std::string SecretUses::authoritiesOf(const Node& gateway) const
{
    const Node ca = DocumentReader::member(gateway, "ca");
    return ca.is(Kind::String) ? realPath(ca.value->text) : std::string();
}

void SecretUses::checkUpstreams(DocumentReader& reader, const Node& file, const Node& gateway) const
{
    const std::string real = realPath(file.value->text);
    const std::string authorities = authoritiesOf(gateway);
    const Node ca = DocumentReader::member(gateway, "ca");
    for (const Upstream& upstream : upstreamsOf(gateway)) {
        if (!m_shown.contains({real, upstream.origin}))
            reader.error(Code::Insecure, upstream.at,
                         "the secret in auth_header_file would go to " + upstream.origin +
                             ", where the policy that runs does not send it: that begins only " +
                             std::string(whereItIsDone));
        else if (upstream.origin.starts_with("wss:") && !m_trusts.contains({real, upstream.origin, authorities}))
            reader.error(Code::Insecure, ca ? ca : upstream.at,
                         "other authorities than in the policy that runs would vouch for " + upstream.origin +
                             ", which gets the secret in auth_header_file: they change only " +
                             std::string(whereItIsDone));
    }
}

} // namespace gatehouse
