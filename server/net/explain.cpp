// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/explain.h"

#include "policy/decide.h"
#include "policy/decidenetworks.h"
#include "policy/text.h"

namespace gatehouse {

namespace {

Decision overSize(Reason reason, std::string_view key, std::size_t met, std::uint64_t limit)
{
    return {reason, limitRule(key), std::to_string(met) + " bytes or more", std::to_string(limit) + " bytes"};
}

Decision explainTls(const Policy& policy, std::size_t listener, Reason reason)
{
    const auto& tls = policy.listeners.at(listener).tls;
    if (!tls)
        return {reason, {}, {}, {}};
    switch (reason) {
    case Reason::TlsTimeout:
        return {reason, listenerRule(policy, listener, "tls/handshake_timeout"), "no handshake",
                formatDuration(tls->handshakeTimeout)};
    case Reason::TlsVersion:
        return {reason,
                listenerRule(policy, listener, "tls/min_version"),
                {},
                tls->minVersion == TlsVersion::Tls13 ? "TLS 1.3" : "TLS 1.2"};
    case Reason::TlsClientCert:
        return {reason, listenerRule(policy, listener, "tls/client_ca"), {}, "a certificate of its authorities"};
    default:
        return {reason, {}, {}, {}};
    }
}

} // namespace

Decision explainConnection(const Policy& policy, std::size_t listener, Reason reason, const HeadExtent& extent)
{
    const Limits& limits = policy.limits;
    switch (reason) {
    case Reason::TlsTimeout:
    case Reason::TlsVersion:
    case Reason::TlsClientCert:
        return explainTls(policy, listener, reason);
    case Reason::ProxyHeader:
        return {reason, listenerRule(policy, listener, "proxy_header"), "no such header",
                "PROXY protocol, version 1 or 2"};
    case Reason::HsTimeout:
        return {reason, limitRule("request_timeout"), std::to_string(extent.whole) + " bytes of a request",
                formatDuration(limits.requestTimeout)};
    case Reason::HsUriSize:
        if (extent.whole > limits.requestHead)
            return overSize(reason, "request_head", extent.whole, limits.requestHead);
        if (extent.whole > limits.requestLine)
            return overSize(reason, "request_line", extent.whole, limits.requestLine);
        return {reason, limitRule("request_target"), std::to_string(limits.requestTarget + 1) + " bytes or more",
                std::to_string(limits.requestTarget) + " bytes"};
    case Reason::HsHeaderSize:
        return extent.whole > limits.requestHead
                   ? overSize(reason, "request_head", extent.whole, limits.requestHead)
                   : overSize(reason, "request_header", extent.line, limits.requestHeader);
    case Reason::HsHeaderCount:
        return {reason, limitRule("request_headers"), std::to_string(limits.requestHeaders + 1) + " or more",
                std::to_string(limits.requestHeaders)};
    default:
        return {reason, {}, {}, {}};
    }
}

} // namespace gatehouse
