// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/reasontext.h"

#include <QCoreApplication>

namespace gatehouse::ui {
namespace {

struct Words {
    const char* label = "";
    const char* sentence = "";
};

// A switch without default: the compiler finds a reason that has no words.
Words wordsOf(Reason reason)
{
    switch (reason) {
    case Reason::None:
        return {};
    case Reason::TlsNotHello:
        return {QT_TRANSLATE_NOOP("Reason", "Not TLS"),
                QT_TRANSLATE_NOOP("Reason", "The connection began with something other than a TLS handshake.")};
    case Reason::TlsVersion:
        return {QT_TRANSLATE_NOOP("Reason", "TLS version"),
                QT_TRANSLATE_NOOP("Reason", "The client offers no TLS version that the listener accepts.")};
    case Reason::TlsCipher:
        return {QT_TRANSLATE_NOOP("Reason", "TLS cipher"),
                QT_TRANSLATE_NOOP("Reason", "The client offers no cipher suite that the listener accepts.")};
    case Reason::TlsTimeout:
        return {QT_TRANSLATE_NOOP("Reason", "TLS too slow"),
                QT_TRANSLATE_NOOP("Reason", "The TLS handshake was not done before its deadline.")};
    case Reason::TlsAborted:
        return {QT_TRANSLATE_NOOP("Reason", "TLS broken off"),
                QT_TRANSLATE_NOOP("Reason", "The client left in the middle of the TLS handshake.")};
    case Reason::TlsRenegotiation:
        return {QT_TRANSLATE_NOOP("Reason", "TLS renegotiation"),
                QT_TRANSLATE_NOOP(
                    "Reason",
                    "The client tried to renegotiate TLS, sent early data, or flooded the connection with other TLS "
                    "messages.")};
    case Reason::TlsAlpn:
        return {QT_TRANSLATE_NOOP("Reason", "TLS protocol"),
                QT_TRANSLATE_NOOP("Reason", "The client offers no application protocol that the listener speaks.")};
    case Reason::TlsClientCert:
        return {QT_TRANSLATE_NOOP("Reason", "Client certificate"),
                QT_TRANSLATE_NOOP(
                    "Reason", "The client's certificate is missing, expired or not signed by a trusted authority.")};
    case Reason::TlsReloadFailed:
        return {QT_TRANSLATE_NOOP("Reason", "Certificate not reloaded"),
                QT_TRANSLATE_NOOP("Reason", "The new certificate or key could not be used; the old one stays.")};
    case Reason::LimitIp:
        return {QT_TRANSLATE_NOOP("Reason", "Limit of the address"),
                QT_TRANSLATE_NOOP("Reason", "The address has as many connections as the policy allows.")};
    case Reason::LimitUser:
        return {QT_TRANSLATE_NOOP("Reason", "Limit of the user"),
                QT_TRANSLATE_NOOP("Reason", "The user has as many sessions as the policy allows.")};
    case Reason::LimitTotal:
        return {QT_TRANSLATE_NOOP("Reason", "Limit of the gate"),
                QT_TRANSLATE_NOOP("Reason", "The gate has as many sessions as the policy allows.")};
    case Reason::LimitPending:
        return {QT_TRANSLATE_NOOP("Reason", "Limit of handshakes"),
                QT_TRANSLATE_NOOP("Reason", "Too many connections have not finished their handshake.")};
    case Reason::HsTimeout:
        return {QT_TRANSLATE_NOOP("Reason", "Request too slow"),
                QT_TRANSLATE_NOOP("Reason", "The request head did not arrive before its deadline.")};
    case Reason::HsHeaderSize:
        return {QT_TRANSLATE_NOOP("Reason", "Header too long"),
                QT_TRANSLATE_NOOP("Reason", "A header line or the request head is longer than the limit.")};
    case Reason::HsHeaderCount:
        return {QT_TRANSLATE_NOOP("Reason", "Too many headers"),
                QT_TRANSLATE_NOOP("Reason", "The request has more header lines than the limit.")};
    case Reason::HsUriSize:
        return {QT_TRANSLATE_NOOP("Reason", "Target too long"),
                QT_TRANSLATE_NOOP("Reason", "The request target is longer than the limit.")};
    case Reason::HsMethod:
        return {QT_TRANSLATE_NOOP("Reason", "Method"), QT_TRANSLATE_NOOP("Reason", "The request method is not GET.")};
    case Reason::HsRequestLine:
        return {QT_TRANSLATE_NOOP("Reason", "Request line"),
                QT_TRANSLATE_NOOP("Reason", "The request line is malformed or names an HTTP version other than 1.1.")};
    case Reason::HsSyntax:
        return {QT_TRANSLATE_NOOP("Reason", "Header syntax"),
                QT_TRANSLATE_NOOP("Reason", "The request head breaks the syntax of HTTP.")};
    case Reason::HsHost:
        return {QT_TRANSLATE_NOOP("Reason", "Host"),
                QT_TRANSLATE_NOOP("Reason", "The Host header is missing, doubled, malformed or names another server.")};
    case Reason::HsUpgrade:
        return {QT_TRANSLATE_NOOP("Reason", "No upgrade"),
                QT_TRANSLATE_NOOP("Reason", "The request does not ask for an upgrade to WebSocket.")};
    case Reason::HsKey:
        return {QT_TRANSLATE_NOOP("Reason", "WebSocket key"),
                QT_TRANSLATE_NOOP("Reason", "The Sec-WebSocket-Key header is missing, doubled or malformed.")};
    case Reason::HsVersion:
        return {QT_TRANSLATE_NOOP("Reason", "WebSocket version"),
                QT_TRANSLATE_NOOP("Reason", "The request does not ask for WebSocket version 13.")};
    case Reason::HsBody:
        return {QT_TRANSLATE_NOOP("Reason", "Request body"),
                QT_TRANSLATE_NOOP("Reason", "An upgrade request must not carry a body.")};
    case Reason::HsEarlyData:
        return {QT_TRANSLATE_NOOP("Reason", "Early data"),
                QT_TRANSLATE_NOOP("Reason", "The client sent frames before the upgrade was accepted.")};
    case Reason::HsDuplicate:
        return {QT_TRANSLATE_NOOP("Reason", "Doubled header"),
                QT_TRANSLATE_NOOP("Reason", "A header that may appear once was sent twice.")};
    case Reason::Path:
        return {QT_TRANSLATE_NOOP("Reason", "Unknown path"), QT_TRANSLATE_NOOP("Reason", "No route has this path.")};
    case Reason::Origin:
        return {QT_TRANSLATE_NOOP("Reason", "Origin"),
                QT_TRANSLATE_NOOP("Reason", "The Origin header is missing or is none that the route allows.")};
    case Reason::Subprotocol:
        return {QT_TRANSLATE_NOOP("Reason", "Subprotocol"),
                QT_TRANSLATE_NOOP("Reason", "The client offers no subprotocol that the route speaks.")};
    case Reason::IpDenied:
        return {QT_TRANSLATE_NOOP("Reason", "Network"),
                QT_TRANSLATE_NOOP("Reason", "The address lies outside the networks that the policy allows.")};
    case Reason::ProxyHeader:
        return {QT_TRANSLATE_NOOP("Reason", "Proxy header"),
                QT_TRANSLATE_NOOP("Reason", "A trusted proxy did not say in a readable way for whom it asks.")};
    case Reason::AuthMissing:
        return {QT_TRANSLATE_NOOP("Reason", "No token"),
                QT_TRANSLATE_NOOP("Reason", "The route wants a token and none was sent.")};
    case Reason::AuthAmbiguous:
        return {QT_TRANSLATE_NOOP("Reason", "Several tokens"),
                QT_TRANSLATE_NOOP("Reason", "Tokens were sent in more than one place.")};
    case Reason::AuthBruteforce:
        return {QT_TRANSLATE_NOOP("Reason", "Too many failures"),
                QT_TRANSLATE_NOOP("Reason", "The address failed to authenticate too often and has to wait.")};
    case Reason::JwtAlg:
        return {QT_TRANSLATE_NOOP("Reason", "Token algorithm"),
                QT_TRANSLATE_NOOP("Reason", "The token's algorithm is not the one bound to the key.")};
    case Reason::JwtSig:
        return {QT_TRANSLATE_NOOP("Reason", "Token signature"),
                QT_TRANSLATE_NOOP("Reason", "The token's signature is wrong.")};
    case Reason::JwtHeader:
        return {QT_TRANSLATE_NOOP("Reason", "Token header"),
                QT_TRANSLATE_NOOP("Reason", "The token's header holds a key or a link to one.")};
    case Reason::JwtKid:
        return {QT_TRANSLATE_NOOP("Reason", "Token key"),
                QT_TRANSLATE_NOOP("Reason", "The token names a key that the issuer does not have.")};
    case Reason::JwtTime:
        return {QT_TRANSLATE_NOOP("Reason", "Token time"),
                QT_TRANSLATE_NOOP("Reason", "The token is expired, not yet valid, or does not say when it ends.")};
    case Reason::JwtClaims:
        return {QT_TRANSLATE_NOOP("Reason", "Token claims"),
                QT_TRANSLATE_NOOP("Reason", "A claim of the token is missing, malformed or meant for somebody else.")};
    case Reason::JwtFormat:
        return {QT_TRANSLATE_NOOP("Reason", "Token form"),
                QT_TRANSLATE_NOOP("Reason", "The token is not a well-formed JSON Web Token.")};
    case Reason::JwtReplay:
        return {QT_TRANSLATE_NOOP("Reason", "Token used twice"),
                QT_TRANSLATE_NOOP("Reason", "The token may be used once and has been used before.")};
    case Reason::Revoked:
        return {QT_TRANSLATE_NOOP("Reason", "Token revoked"),
                QT_TRANSLATE_NOOP("Reason", "The token has been revoked.")};
    case Reason::Expired:
        return {QT_TRANSLATE_NOOP("Reason", "Token expired"),
                QT_TRANSLATE_NOOP("Reason", "The token expired while the session was open.")};
    case Reason::Authz:
        return {QT_TRANSLATE_NOOP("Reason", "Role missing"),
                QT_TRANSLATE_NOOP("Reason", "The user has none of the roles that the route asks for.")};
    case Reason::AuthzChannel:
        return {QT_TRANSLATE_NOOP("Reason", "Channel not allowed"),
                QT_TRANSLATE_NOOP("Reason", "The user's roles do not allow this on the channel.")};
    case Reason::ChannelLimit:
        return {QT_TRANSLATE_NOOP("Reason", "Too many channels"),
                QT_TRANSLATE_NOOP("Reason", "The session is in as many channels as the policy allows.")};
    case Reason::RateUser:
        return {QT_TRANSLATE_NOOP("Reason", "Rate of the user"),
                QT_TRANSLATE_NOOP("Reason", "All sessions of the user together send more than the policy allows.")};
    case Reason::RateIp:
        return {QT_TRANSLATE_NOOP("Reason", "Rate of the address"),
                QT_TRANSLATE_NOOP("Reason", "The address opens connections faster than the policy allows.")};
    case Reason::RateSession:
        return {QT_TRANSLATE_NOOP("Reason", "Rate of the session"),
                QT_TRANSLATE_NOOP("Reason", "The session sends more messages than the route allows.")};
    case Reason::Unmasked:
        return {QT_TRANSLATE_NOOP("Reason", "Frame not masked"),
                QT_TRANSLATE_NOOP("Reason", "The client sent a frame without a mask.")};
    case Reason::Rsv:
        return {
            QT_TRANSLATE_NOOP("Reason", "Reserved bits"),
            QT_TRANSLATE_NOOP("Reason", "The client set a reserved bit without an extension that gives it a meaning.")};
    case Reason::Opcode:
        return {QT_TRANSLATE_NOOP("Reason", "Unknown opcode"),
                QT_TRANSLATE_NOOP("Reason", "The client sent a frame with a reserved opcode.")};
    case Reason::Control:
        return {QT_TRANSLATE_NOOP("Reason", "Control frame"),
                QT_TRANSLATE_NOOP("Reason", "A control frame was too long or fragmented.")};
    case Reason::Length:
        return {QT_TRANSLATE_NOOP("Reason", "Frame length"),
                QT_TRANSLATE_NOOP("Reason", "A frame's length was not written in its shortest form.")};
    case Reason::TooBig:
        return {QT_TRANSLATE_NOOP("Reason", "Message too big"),
                QT_TRANSLATE_NOOP("Reason", "The message is longer than the route allows.")};
    case Reason::Fragmentation:
        return {QT_TRANSLATE_NOOP("Reason", "Fragmentation"),
                QT_TRANSLATE_NOOP("Reason", "A fragment came without a start, or a new message inside another.")};
    case Reason::Fragments:
        return {QT_TRANSLATE_NOOP("Reason", "Too many fragments"),
                QT_TRANSLATE_NOOP("Reason", "The message came in more fragments than the route allows.")};
    case Reason::Utf8:
        return {QT_TRANSLATE_NOOP("Reason", "Not UTF-8"),
                QT_TRANSLATE_NOOP("Reason", "A text message is not valid UTF-8.")};
    case Reason::Deflate:
        return {QT_TRANSLATE_NOOP("Reason", "Broken compression"),
                QT_TRANSLATE_NOOP("Reason", "A compressed message cannot be decompressed.")};
    case Reason::Type:
        return {QT_TRANSLATE_NOOP("Reason", "Message type"),
                QT_TRANSLATE_NOOP("Reason", "The route does not take messages of this type.")};
    case Reason::Schema:
        return {QT_TRANSLATE_NOOP("Reason", "Message content"),
                QT_TRANSLATE_NOOP("Reason", "The message does not match what the route expects.")};
    case Reason::MsgTimeout:
        return {QT_TRANSLATE_NOOP("Reason", "Message too slow"),
                QT_TRANSLATE_NOOP("Reason", "The message was not complete before its deadline.")};
    case Reason::ControlRate:
        return {QT_TRANSLATE_NOOP("Reason", "Too many control frames"),
                QT_TRANSLATE_NOOP("Reason", "The client sends pings and pongs faster than the policy allows.")};
    case Reason::ClosePayload:
        return {
            QT_TRANSLATE_NOOP("Reason", "Close frame"),
            QT_TRANSLATE_NOOP("Reason", "The client's close frame holds a code that may not be sent, or half a code.")};
    case Reason::Idle:
        return {QT_TRANSLATE_NOOP("Reason", "Idle"),
                QT_TRANSLATE_NOOP("Reason", "Nothing was sent for longer than the route allows.")};
    case Reason::PingTimeout:
        return {QT_TRANSLATE_NOOP("Reason", "No answer to ping"),
                QT_TRANSLATE_NOOP("Reason", "The client did not answer a ping in time.")};
    case Reason::SlowConsumer:
        return {
            QT_TRANSLATE_NOOP("Reason", "Slow consumer"),
            QT_TRANSLATE_NOOP("Reason", "The client reads more slowly than it is sent to, and its buffer is full.")};
    case Reason::Lifetime:
        return {QT_TRANSLATE_NOOP("Reason", "Lifetime over"),
                QT_TRANSLATE_NOOP("Reason", "The session has lasted as long as the policy allows.")};
    case Reason::CloseTimeout:
        return {QT_TRANSLATE_NOOP("Reason", "Close not answered"),
                QT_TRANSLATE_NOOP("Reason", "The client did not answer the close frame in time.")};
    case Reason::PeerClosed:
        return {QT_TRANSLATE_NOOP("Reason", "Closed by the client"),
                QT_TRANSLATE_NOOP("Reason", "The client closed the session.")};
    case Reason::PeerAbort:
        return {QT_TRANSLATE_NOOP("Reason", "Connection lost"),
                QT_TRANSLATE_NOOP("Reason", "The connection ended without a close frame.")};
    case Reason::Kicked:
        return {QT_TRANSLATE_NOOP("Reason", "Kicked"), QT_TRANSLATE_NOOP("Reason", "An operator ended the session.")};
    case Reason::Banned:
        return {QT_TRANSLATE_NOOP("Reason", "Banned"),
                QT_TRANSLATE_NOOP("Reason", "The user, the address or its network is banned.")};
    case Reason::Lockdown:
        return {QT_TRANSLATE_NOOP("Reason", "Lockdown"), QT_TRANSLATE_NOOP("Reason", "The gate is locked down.")};
    case Reason::Drain:
        return {QT_TRANSLATE_NOOP("Reason", "Drained"),
                QT_TRANSLATE_NOOP("Reason", "The server is going down for a restart or a stop.")};
    case Reason::FdLimit:
        return {QT_TRANSLATE_NOOP("Reason", "Out of descriptors"),
                QT_TRANSLATE_NOOP("Reason", "The process has no file descriptors left for new connections.")};
    case Reason::QueueFull:
        return {QT_TRANSLATE_NOOP("Reason", "Queue full"), QT_TRANSLATE_NOOP("Reason", "An internal queue was full.")};
    case Reason::AuditFailed:
        return {QT_TRANSLATE_NOOP("Reason", "Audit failed"),
                QT_TRANSLATE_NOOP("Reason", "The audit log could not be written.")};
    case Reason::ClockStep:
        return {QT_TRANSLATE_NOOP("Reason", "Clock moved"),
                QT_TRANSLATE_NOOP("Reason", "The wall clock was moved; token times may be misjudged.")};
    case Reason::PolicyRejected:
        return {QT_TRANSLATE_NOOP("Reason", "Policy rejected"),
                QT_TRANSLATE_NOOP("Reason", "The new policy has errors; the old one stays.")};
    case Reason::PolicyConflict:
        return {QT_TRANSLATE_NOOP("Reason", "Policy conflict"),
                QT_TRANSLATE_NOOP("Reason", "The policy was changed meanwhile by somebody else.")};
    case Reason::JwksFailed:
        return {QT_TRANSLATE_NOOP("Reason", "Keys of an issuer"),
                QT_TRANSLATE_NOOP("Reason", "An issuer's keys could not be fetched or read.")};
    case Reason::ApiKey:
        return {QT_TRANSLATE_NOOP("Reason", "API key"),
                QT_TRANSLATE_NOOP("Reason", "The API key is missing or wrong.")};
    case Reason::ApiRole:
        return {QT_TRANSLATE_NOOP("Reason", "API role"),
                QT_TRANSLATE_NOOP("Reason", "The API key's role may not call this method.")};
    case Reason::ApiMethod:
        return {QT_TRANSLATE_NOOP("Reason", "API method"), QT_TRANSLATE_NOOP("Reason", "There is no such API method.")};
    case Reason::ApiSize:
        return {QT_TRANSLATE_NOOP("Reason", "API request too big"),
                QT_TRANSLATE_NOOP("Reason", "The API request's body is longer than the limit.")};
    case Reason::ApiFormat:
        return {QT_TRANSLATE_NOOP("Reason", "API request form"),
                QT_TRANSLATE_NOOP("Reason", "The API request is not the JSON object that the method expects.")};
    case Reason::Listener:
        return {QT_TRANSLATE_NOOP("Reason", "Listener gone"),
                QT_TRANSLATE_NOOP("Reason", "The listener that the session came through is gone, or is another now.")};
    case Reason::UpstreamConnect:
        return {QT_TRANSLATE_NOOP("Reason", "Upstream unreachable"),
                QT_TRANSLATE_NOOP("Reason", "No connection to the application behind the gate could be made.")};
    case Reason::UpstreamTimeout:
        return {QT_TRANSLATE_NOOP("Reason", "Upstream silent"),
                QT_TRANSLATE_NOOP(
                    "Reason", "The application behind the gate did not answer in time, or takes and says nothing.")};
    case Reason::UpstreamTls:
        return {QT_TRANSLATE_NOOP("Reason", "Upstream TLS"),
                QT_TRANSLATE_NOOP(
                    "Reason", "TLS with the application behind the gate failed, or its certificate was not accepted.")};
    case Reason::UpstreamStatus:
        return {QT_TRANSLATE_NOOP("Reason", "Upstream refused"),
                QT_TRANSLATE_NOOP(
                    "Reason", "The application behind the gate answered the upgrade with a status other than 101.")};
    case Reason::UpstreamAnswer:
        return {QT_TRANSLATE_NOOP("Reason", "Upstream answer"),
                QT_TRANSLATE_NOOP("Reason", "The application behind the gate gave no valid answer to the upgrade.")};
    case Reason::UpstreamNone:
        return {QT_TRANSLATE_NOOP("Reason", "No upstream"),
                QT_TRANSLATE_NOOP("Reason", "Every upstream of the route is draining.")};
    case Reason::UpstreamClosed:
        return {QT_TRANSLATE_NOOP("Reason", "Upstream closed"),
                QT_TRANSLATE_NOOP("Reason", "The application behind the gate closed the session.")};
    case Reason::UpstreamLost:
        return {
            QT_TRANSLATE_NOOP("Reason", "Upstream lost"),
            QT_TRANSLATE_NOOP("Reason", "The connection to the application behind the gate ended without a Close.")};
    case Reason::UpstreamProtocol:
        return {QT_TRANSLATE_NOOP("Reason", "Upstream protocol"),
                QT_TRANSLATE_NOOP("Reason", "The application behind the gate broke the WebSocket protocol.")};
    case Reason::UpstreamMessage:
        return {QT_TRANSLATE_NOOP("Reason", "Upstream message"),
                QT_TRANSLATE_NOOP(
                    "Reason", "The application behind the gate sent a message that the policy does not let through.")};
    case Reason::Internal:
        return {QT_TRANSLATE_NOOP("Reason", "Internal error"),
                QT_TRANSLATE_NOOP("Reason", "The server failed; its log says where.")};
    }
    return {};
}

QString translated(const char* context, const char* source)
{
    return *source == '\0' ? QString() : QCoreApplication::translate(context, source);
}

} // namespace

QString reasonLabel(Reason reason)
{
    return translated("Reason", wordsOf(reason).label);
}

QString reasonSentence(Reason reason)
{
    return translated("Reason", wordsOf(reason).sentence);
}

QString auditKindText(AuditKind kind)
{
    switch (kind) {
    case AuditKind::Start:
        return QCoreApplication::translate("AuditKind", "Started");
    case AuditKind::Stop:
        return QCoreApplication::translate("AuditKind", "Stopped");
    case AuditKind::Open:
        return QCoreApplication::translate("AuditKind", "Opened");
    case AuditKind::Close:
        return QCoreApplication::translate("AuditKind", "Closed");
    case AuditKind::Refuse:
        return QCoreApplication::translate("AuditKind", "Refused");
    case AuditKind::Limit:
        return QCoreApplication::translate("AuditKind", "Limited");
    case AuditKind::Kick:
        return QCoreApplication::translate("AuditKind", "Kicked");
    case AuditKind::Ban:
        return QCoreApplication::translate("AuditKind", "Banned");
    case AuditKind::Unban:
        return QCoreApplication::translate("AuditKind", "Ban lifted");
    case AuditKind::Revoke:
        return QCoreApplication::translate("AuditKind", "Tokens revoked");
    case AuditKind::Unrevoke:
        return QCoreApplication::translate("AuditKind", "Revocation lifted");
    case AuditKind::Reload:
        return QCoreApplication::translate("AuditKind", "Reloaded");
    case AuditKind::Drain:
        return QCoreApplication::translate("AuditKind", "Drained");
    case AuditKind::Certificate:
        return QCoreApplication::translate("AuditKind", "Certificate");
    case AuditKind::Command:
        return QCoreApplication::translate("AuditKind", "Command");
    case AuditKind::Policy:
        return QCoreApplication::translate("AuditKind", "Policy");
    case AuditKind::Lockdown:
        return QCoreApplication::translate("AuditKind", "Lockdown");
    case AuditKind::TemporaryLimit:
        return QCoreApplication::translate("AuditKind", "Limit set");
    case AuditKind::Quarantine:
        return QCoreApplication::translate("AuditKind", "Quarantine");
    case AuditKind::Publish:
        return QCoreApplication::translate("AuditKind", "Published");
    case AuditKind::Upstream:
        return QCoreApplication::translate("AuditKind", "Upstream");
    }
    return {};
}

QString gateStateText(GateState state)
{
    switch (state) {
    case GateState::Starting:
        return QCoreApplication::translate("GateState", "Starting");
    case GateState::Serving:
        return QCoreApplication::translate("GateState", "Serving");
    case GateState::Draining:
        return QCoreApplication::translate("GateState", "Draining");
    case GateState::Stopped:
        return QCoreApplication::translate("GateState", "Stopped");
    }
    return {};
}

} // namespace gatehouse::ui
