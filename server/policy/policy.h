// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/address.h"
#include "domain/apirole.h"
#include "domain/clock.h"
#include "domain/lockdown.h"
#include "domain/rate.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse {

class MessageSchema;

using OptionalRate = std::optional<Rate>;                          ///< unset: "off"
using OptionalDuration = std::optional<std::chrono::milliseconds>; ///< unset: "off"

enum class TlsVersion : std::uint8_t { Tls12, Tls13 };

struct ListenerTls {
    std::filesystem::path certificate;
    std::filesystem::path key;
    TlsVersion minVersion = TlsVersion::Tls12;
    std::chrono::milliseconds handshakeTimeout{5000};
    std::filesystem::path clientCa; ///< empty: clients need no certificate
    bool renew = true;              ///< a certificate of the local CA beside it is renewed by the server itself

    friend bool operator==(const ListenerTls&, const ListenerTls&) = default;
};

/// Addresses that may come in. What `deny` holds stays out, whatever `allow` says.
struct NetworkRules {
    std::vector<Network> allow; ///< empty: every address
    std::vector<Network> deny;

    friend bool operator==(const NetworkRules&, const NetworkRules&) = default;
};

/// How a trusted proxy says for whom it asks; one is read, the others are not looked at.
enum class ProxyHeader : std::uint8_t { XForwardedFor, Forwarded, ProxyProtocol };

/// Public: sessions. Admin: the API, for those who have an API key.
enum class ListenerKind : std::uint8_t { Public, Admin };

struct Listener {
    std::string name;
    IpAddress address;
    std::uint16_t port = 0;         ///< 0 lets the system choose
    std::optional<ListenerTls> tls; ///< unset: "off", on loopback or where `insecure` says so
    bool insecure = false;
    std::vector<std::string> serverNames; ///< lower case, no port; empty: Host is not checked
    std::vector<Network> trustedProxies{};
    ProxyHeader proxyHeader = ProxyHeader::XForwardedFor;
    NetworkRules networks{}; ///< of the peer itself; refused before TLS
    ListenerKind kind = ListenerKind::Public;

    friend bool operator==(const Listener&, const Listener&) = default;
};

/// RFC 7518 §3.1 and RFC 8037 §3.1.
enum class JwtAlgorithm : std::uint8_t {
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    EdDSA
};

inline constexpr std::size_t jwtAlgorithmCount = static_cast<std::size_t>(JwtAlgorithm::EdDSA) + 1;

/// As it stands in policies and in the headers of tokens.
[[nodiscard]] std::string_view jwtAlgorithmWord(JwtAlgorithm algorithm);
[[nodiscard]] std::optional<JwtAlgorithm> jwtAlgorithmFromWord(std::string_view word);
/// HS256, HS384, HS512: who verifies can also sign.
[[nodiscard]] bool isSymmetric(JwtAlgorithm algorithm);

/// A secret that signs no more, and verifies until a time.
struct PreviousSecret {
    std::filesystem::path secretFile;
    std::string secret; ///< as Issuer::secret
    WallTime until{};

    friend bool operator==(const PreviousSecret&, const PreviousSecret&) = default;
};

/// Who may vouch for a user. Its keys come from one of `secretFile` (HS…), `jwksFile` and `jwksUrl` (all others).

struct Issuer {
    std::string name;
    std::vector<JwtAlgorithm> algorithms;
    std::filesystem::path secretFile;
    std::string secret;   ///< the bytes of the file, one trailing newline cut; never serialised or shown
    std::string issuer;   ///< expected `iss`
    std::string audience; ///< expected in `aud`
    std::vector<std::string> rolesAllowed; ///< "*": all roles that the policy has
    std::vector<std::string> require{"exp", "iat"};
    std::chrono::milliseconds leeway{30000};
    std::chrono::milliseconds maxLifetime{std::chrono::hours(24)};
    std::vector<PreviousSecret> previous{};
    std::filesystem::path jwksFile{}; ///< a JSON Web Key Set (RFC 7517 §5)
    std::string jwksUrl{};            ///< of one: https, or http on a loopback address
    std::filesystem::path jwksCa{};   ///< PEM of the authorities that may vouch for jwksUrl; empty: the system's
    std::chrono::milliseconds refresh{std::chrono::minutes(10)}; ///< of jwksUrl
    std::string userClaim = "sub";
    std::string userPrefix{}; ///< put before the claim's text: the user that the gate knows
    std::string rolesClaim = "roles";
    std::string typ{};    ///< that a token's header must have; empty: JWT, at+jwt or none
    bool oneTime = false; ///< each `jti` is accepted once

    friend bool operator==(const Issuer&, const Issuer&) = default;
};

struct AuthFailureLimit {
    std::uint64_t count = 10;
    std::chrono::milliseconds per{60000};
    std::chrono::milliseconds thenBan{600000};

    friend bool operator==(const AuthFailureLimit&, const AuthFailureLimit&) = default;
};

/// The gate as a whole. An unset value is "off".
struct Limits {
    std::optional<std::uint64_t> sessions = 15000;
    std::optional<std::uint64_t> sessionsPerIp = 200;
    std::optional<std::uint64_t> sessionsPerUser = 20;
    std::optional<std::uint64_t> pending = 2000;
    std::optional<std::uint64_t> pendingPerIp = 50;
    OptionalRate connectsPerIp = Rate{20, std::chrono::seconds(1), 60};
    std::optional<AuthFailureLimit> authFailuresPerIp = AuthFailureLimit{};
    OptionalRate messagesPerUser = Rate{200, std::chrono::seconds(1), 400};
    OptionalRate bytesPerUser;
    OptionalRate messagesPerIp;
    std::uint64_t requestLine = 4096;
    std::uint64_t requestTarget = 2048;
    std::uint64_t requestHeader = 8192;
    std::uint64_t requestHead = 16384;
    std::uint64_t requestHeaders = 100;
    std::chrono::milliseconds requestTimeout{5000};
    std::chrono::milliseconds closeTimeout{3000};
    std::uint64_t channelName = 255;
    std::uint64_t channels = 100000;
    std::uint64_t memoryForHistory = std::uint64_t{256} << 20; ///< bytes of all channels' publications

    friend bool operator==(const Limits&, const Limits&) = default;
};

/// Who answers a route's messages: the plain hub, the echo, an application behind the gate, or the hub as clients of
/// Centrifugo speak to it.
enum class RouteKind : std::uint8_t { Plain, Echo, Gateway, Centrifuge };

enum class TokenPlace : std::uint8_t { Authorization, Subprotocol, FirstMessage, Cookie, Query, Certificate };

/// What of a client certificate names the user.
enum class CertificateName : std::uint8_t { CommonName, DnsName, Email };

struct Authentication {
    bool required = true;
    std::vector<std::string> issuers;                                                 ///< names; empty: every issuer
    std::vector<TokenPlace> from{TokenPlace::Authorization, TokenPlace::Subprotocol}; ///< each at most once
    std::string cookie{};                                                             ///< its name, with Cookie
    std::string query{}; ///< the parameter's name, with Query
    CertificateName certificate = CertificateName::CommonName;
    std::chrono::milliseconds firstMessageWithin{5000};

    friend bool operator==(const Authentication&, const Authentication&) = default;
};

/// True where a route's tokens are looked for in this place.
[[nodiscard]] bool looksAt(const Authentication& authentication, TokenPlace place);

/// One entry of `origins`.
struct OriginRule {
    enum class Kind : std::uint8_t { None, Any, Exact, Wildcard };
    Kind kind = Kind::None;
    std::string scheme;     ///< lower case; empty on "*.example": https
    std::string host;       ///< lower case; without the "*." of a wildcard
    std::uint16_t port = 0; ///< the scheme's own where none was written
    std::string text;       ///< as written

    friend bool operator==(const OriginRule&, const OriginRule&) = default;
};

/// A JSON Schema (draft 7) of messages, as its file was when the policy was read. Equal by its text.
struct SchemaFile {
    std::filesystem::path file;
    std::string text;
    std::shared_ptr<const MessageSchema> compiled; ///< null only in a policy that was not read from a document

    friend bool operator==(const SchemaFile& a, const SchemaFile& b) { return a.file == b.file && a.text == b.text; }
};

/// What becomes of a message over a rate: refused, and the session closed after some violations; refused silently; or
/// taken, and nothing more read until the rate allows it.
enum class OnExcess : std::uint8_t { Close, Drop, Throttle };
/// What becomes of a message that does not fit its schema. Report: it goes through, and is recorded.
enum class OnViolation : std::uint8_t { Close, Drop, Report };

struct Messages {
    bool text = true;
    bool binary = false;
    std::uint64_t maxSize = 65536;
    std::uint64_t maxFragments = 64;
    std::chrono::milliseconds completeWithin{10000};
    OptionalRate rate = Rate{50, std::chrono::seconds(1), 100};
    std::uint32_t violationsBeforeClose = 3;
    std::chrono::milliseconds violationsWithin{60000};
    OptionalRate bytes{}; ///< of a session's messages; unset: "off"
    OnExcess onExcess = OnExcess::Close;
    std::optional<SchemaFile> schema{}; ///< of what clients send
    OnViolation onViolation = OnViolation::Close;
    std::optional<SchemaFile> upstreamSchema{}; ///< of what a gateway's upstream sends
    std::uint64_t maxCommandsPerFrame = 64;     ///< of Centrifugo's protocol

    friend bool operator==(const Messages&, const Messages&) = default;
};

struct Ping {
    std::chrono::milliseconds every{25000};
    std::chrono::milliseconds timeout{8000};

    friend bool operator==(const Ping&, const Ping&) = default;
};

/// permessage-deflate (RFC 7692), without context takeover.
struct Compression {
    std::uint64_t maxInflated = 65536; ///< bytes of a message that comes compressed, when it is inflated
    std::uint64_t minSize = 256;       ///< bytes of a message that goes out; a shorter one is sent as it is

    friend bool operator==(const Compression&, const Compression&) = default;
};

/// Subprotocols (RFC 6455 §1.9) beside `gatehouse`, which is always allowed.
struct Subprotocols {
    std::vector<std::string> allow;
    bool require = false; ///< a client must offer one that is allowed

    friend bool operator==(const Subprotocols&, const Subprotocols&) = default;
};

/// An application behind the gate.
struct UpstreamUrl {
    std::string text; ///< as written: its name wherever it is named
    bool tls = false; ///< wss
    std::string host; ///< lower case; of IPv6 without brackets
    std::uint16_t port = 0;
    std::string path; ///< begins with '/'; without query

    friend bool operator==(const UpstreamUrl&, const UpstreamUrl&) = default;
};

/// By which a session gets its upstream.
enum class Balance : std::uint8_t { RoundRobin, LeastSessions };

/// What the gate says of a client to an upstream. A client's own header of that name never goes through.
enum class ForwardedHeader : std::uint8_t {
    XForwardedFor,
    XForwardedProto,
    XForwardedHost,
    Forwarded,
    User,
    Roles,
    Issuer,
    Session
};
inline constexpr std::size_t forwardedHeaderCount = static_cast<std::size_t>(ForwardedHeader::Session) + 1;
/// "X-Forwarded-For", "X-Gatehouse-User" …
[[nodiscard]] std::string_view forwardedHeaderName(ForwardedHeader header);
[[nodiscard]] std::optional<ForwardedHeader> forwardedHeaderFromName(std::string_view name); ///< in any case

/// What a gateway route relays to.
struct Gateway {
    std::vector<UpstreamUrl> upstreams; ///< at least one, none twice
    Balance balance = Balance::RoundRobin;
    std::filesystem::path ca{}; ///< PEM of the authorities that may vouch for wss upstreams; empty: the system's
    std::filesystem::path authHeaderFile{}; ///< private; empty: none
    std::string authHeaderName{};           ///< of the header that the file holds: "Authorization" where it names none
    std::string authHeaderValue{};          ///< never serialised or shown
    std::chrono::milliseconds connectTimeout{3000}; ///< of one attempt, from the connect to the 101
    std::optional<std::chrono::milliseconds> healthEvery = std::chrono::seconds(10); ///< of a TCP connect; unset: "off"
    bool stripPrefix = true;  ///< the route's path up to its `*` is not part of the upstream's target
    bool forwardQuery = true; ///< without the token
    std::vector<ForwardedHeader> forward{ForwardedHeader::XForwardedFor, ForwardedHeader::User, ForwardedHeader::Roles};
    std::vector<std::string> drop{"Authorization", "Cookie"}; ///< of the client's headers

    friend bool operator==(const Gateway&, const Gateway&) = default;
};

/// What becomes of a session that does not read, where more than `send_buffer` waits for it.
enum class SlowConsumer : std::uint8_t { Close, DropNewest };

struct Route {
    std::string name;
    std::string path; ///< as written: "/hub/{channel}", "/plc/*"
    RouteKind kind = RouteKind::Plain;
    Authentication authentication;
    std::vector<OriginRule> origins{OriginRule{OriginRule::Kind::None, {}, {}, 0, "none"}};
    std::optional<Compression> compression; ///< unset: "off"
    Messages messages;
    OptionalDuration idleTimeout;
    std::optional<Ping> ping = Ping{};
    OptionalRate controlFrames = Rate{10, std::chrono::seconds(1), 20}; ///< pings and pongs of a client
    std::uint64_t sendBuffer = 1 << 20;
    std::vector<std::string> roles{}; ///< any of these; empty: every authenticated user
    NetworkRules networks{};          ///< of the client, behind trusted proxies
    Subprotocols subprotocols{};
    OptionalDuration sessionLifetime = std::chrono::milliseconds(std::chrono::hours(24));
    SlowConsumer slowConsumer = SlowConsumer::Close;
    std::optional<Gateway> gateway{}; ///< set where `kind` says so

    friend bool operator==(const Route&, const Route&) = default;
};

/// What a channel remembers of its publications.
struct HistoryRule {
    std::uint64_t size = 100;              ///< publications
    std::chrono::milliseconds ttl{300000}; ///< of each
    std::vector<std::string> read{};       ///< roles that may ask for it; whoever subscribes may recover

    friend bool operator==(const HistoryRule&, const HistoryRule&) = default;
};

struct ChannelRule {
    std::string match;                  ///< `*` stops at `.`, `**` does not; {user} is the session's own user
    std::vector<std::string> subscribe; ///< roles; "*" every authenticated user, "anonymous" anybody
    std::vector<std::string> publish;
    std::optional<SchemaFile> schema{}; ///< of publications
    std::optional<HistoryRule> history{};
    std::vector<std::string> presence{}; ///< roles that may ask who is there; empty: nobody, and it is not kept
    bool joinLeave = false;              ///< subscribers are told who comes and goes
    bool subscribeToken = false;         ///< who subscribes shows a token for the channel

    friend bool operator==(const ChannelRule&, const ChannelRule&) = default;
};

/// Who may use the API on an admin listener: "gh_ID_SECRET" in X-API-Key.
struct ApiKey {
    std::string id;   ///< 1 to 64 letters, digits, ".", "_" and "-"
    std::string name; ///< of who has it: the actor in the audit log; unset in the document: the id
    ApiRole role = ApiRole::Viewer;
    std::vector<std::string> channels{}; ///< patterns, as of channel rules; a publisher's alone; empty: none
    std::array<std::byte, 32> sha256{};  ///< of the secret's characters, without "gh_ID_"

    friend bool operator==(const ApiKey&, const ApiKey&) = default;
};

/// A group of the system whose members may use the control socket, beside the server's own user.
struct ControlGroup {
    std::string group;
    ApiRole role = ApiRole::Viewer;

    friend bool operator==(const ControlGroup&, const ControlGroup&) = default;
};

/// How the gate is emptied.
struct DrainTimes {
    std::chrono::milliseconds within{20000}; ///< from the order until whoever is left is cut off
    std::chrono::milliseconds spread{10000}; ///< the most time over which the sessions are told, so that they do not
                                             ///< come back elsewhere all at once

    friend bool operator==(const DrainTimes&, const DrainTimes&) = default;
};

/// The whole configuration: immutable once loaded, shared as std::shared_ptr<const Policy> and swapped whole.
struct Policy {
    std::uint64_t version = 1;  ///< PolicyVersion::version; not part of the document
    std::filesystem::path file; ///< where it came from; empty for one made in memory
    std::string name = "Gatehouse";
    std::filesystem::path stateDir;
    std::filesystem::path controlSocket;
    std::optional<ControlGroup> controlGroup{}; ///< unset: the server's own user alone
    std::optional<unsigned> workers;            ///< unset: "auto"
    std::vector<Listener> listeners;
    std::vector<Issuer> issuers;
    std::vector<std::string> roles;
    Limits limits;
    std::vector<Route> routes;
    std::vector<ChannelRule> channels;
    std::uint64_t channelsPerSession = 128;
    LockdownLists lockdown; ///< who stays and comes in while the gate is locked down
    DrainTimes drain;
    std::vector<ApiKey> apiKeys{};

    friend bool operator==(const Policy&, const Policy&) = default;
};

} // namespace gatehouse
