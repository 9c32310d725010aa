// SPDX-License-Identifier: GPL-3.0-or-later
// The close codes of routes: the same reasons for clients of Centrifugo and for all others.
#include "policy/closecodes.h"

#include <QTest>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

using namespace gatehouse;

namespace {

/// What ends a session for a reason. By the rules: closeCode(); by a policy: where a session that is open may no longer
/// be, 4401, 4408 or 4403.
struct Row {
    Reason reason;
    std::uint16_t plain;      ///< 0: no session ends for it by the rules
    std::uint16_t centrifuge; ///< for `plain`
    std::uint16_t policy = 0; ///< 0: no policy ends a session for it
    std::uint16_t centrifugePolicy = 0;
};

constexpr std::array table{
    Row{Reason::None, 0, 0},
    Row{Reason::TlsNotHello, 0, 0},
    Row{Reason::TlsVersion, 0, 0, 4403, 3507},
    Row{Reason::TlsCipher, 0, 0},
    Row{Reason::TlsTimeout, 0, 0},
    Row{Reason::TlsAborted, 0, 0},
    Row{Reason::TlsRenegotiation, 0, 0},
    Row{Reason::TlsAlpn, 0, 0},
    Row{Reason::TlsClientCert, 0, 0, 4403, 3507},
    Row{Reason::TlsReloadFailed, 0, 0},
    Row{Reason::LimitIp, 1013, 4013},
    Row{Reason::LimitUser, 1013, 3504},
    Row{Reason::LimitTotal, 1013, 4013},
    Row{Reason::LimitPending, 0, 0},
    Row{Reason::HsTimeout, 0, 0},
    Row{Reason::HsHeaderSize, 0, 0},
    Row{Reason::HsHeaderCount, 0, 0},
    Row{Reason::HsUriSize, 0, 0},
    Row{Reason::HsMethod, 0, 0},
    Row{Reason::HsRequestLine, 0, 0},
    Row{Reason::HsSyntax, 0, 0},
    Row{Reason::HsHost, 0, 0, 4403, 3507},
    Row{Reason::HsUpgrade, 0, 0},
    Row{Reason::HsKey, 0, 0},
    Row{Reason::HsVersion, 0, 0},
    Row{Reason::HsBody, 0, 0},
    Row{Reason::HsEarlyData, 0, 0},
    Row{Reason::HsDuplicate, 0, 0},
    Row{Reason::Path, 0, 0, 4403, 3507},
    Row{Reason::Origin, 4403, 3507, 4403, 3507},
    Row{Reason::Subprotocol, 0, 0, 4403, 3507},
    Row{Reason::IpDenied, 4403, 3507, 4403, 3507},
    Row{Reason::ProxyHeader, 0, 0},
    Row{Reason::AuthMissing, 4401, 3502, 4401, 3502},
    Row{Reason::AuthAmbiguous, 4401, 3500},
    Row{Reason::AuthBruteforce, 4401, 3500},
    Row{Reason::JwtAlg, 4401, 3500, 4401, 3500},
    Row{Reason::JwtSig, 4401, 3500, 4401, 3500},
    Row{Reason::JwtHeader, 4401, 3500, 4401, 3500},
    Row{Reason::JwtKid, 4401, 3500, 4401, 3500},
    Row{Reason::JwtTime, 4401, 3500, 4401, 3500},
    Row{Reason::JwtClaims, 4401, 3500, 4401, 3500},
    Row{Reason::JwtFormat, 4401, 3500, 4401, 3500},
    Row{Reason::JwtReplay, 4401, 3500},
    Row{Reason::Revoked, 4401, 3014, 4401, 3014},
    Row{Reason::Expired, 4401, 3005, 4401, 3005},
    Row{Reason::Authz, 4403, 3507, 4403, 3507},
    Row{Reason::AuthzChannel, 1008, 3509, 4403, 3507},
    Row{Reason::ChannelLimit, 1008, 3509},
    Row{Reason::RateUser, 1008, 3013},
    Row{Reason::RateIp, 1008, 3013},
    Row{Reason::RateSession, 1008, 3013},
    Row{Reason::Unmasked, 1002, 1002},
    Row{Reason::Rsv, 1002, 1002},
    Row{Reason::Opcode, 1002, 1002},
    Row{Reason::Control, 1002, 1002},
    Row{Reason::Length, 1002, 1002},
    Row{Reason::TooBig, 1009, 1009},
    Row{Reason::Fragmentation, 1002, 1002},
    Row{Reason::Fragments, 1008, 1008},
    Row{Reason::Utf8, 1007, 1007},
    Row{Reason::Deflate, 1002, 1002},
    Row{Reason::Type, 1003, 1003},
    Row{Reason::Schema, 1008, 3501},
    Row{Reason::MsgTimeout, 1008, 1008},
    Row{Reason::ControlRate, 1008, 1008},
    Row{Reason::ClosePayload, 1002, 1002},
    Row{Reason::Idle, 4408, 4508, 4408, 4508},
    Row{Reason::PingTimeout, 4408, 3012},
    Row{Reason::SlowConsumer, 4008, 3008},
    Row{Reason::Lifetime, 4408, 3005, 4408, 3005},
    Row{Reason::CloseTimeout, 1006, 1006},
    Row{Reason::PeerClosed, 0, 0},
    Row{Reason::PeerAbort, 1006, 1006},
    Row{Reason::Kicked, 4403, 3503},
    Row{Reason::Banned, 4403, 3503},
    Row{Reason::Lockdown, 4403, 4503, 4403, 4503},
    Row{Reason::Drain, 1001, 3001},
    Row{Reason::FdLimit, 0, 0},
    Row{Reason::QueueFull, 1013, 3010},
    Row{Reason::AuditFailed, 1013, 4013},
    Row{Reason::ClockStep, 0, 0},
    Row{Reason::PolicyRejected, 0, 0},
    Row{Reason::PolicyConflict, 0, 0},
    Row{Reason::JwksFailed, 0, 0},
    Row{Reason::Listener, 4403, 3507, 4403, 3507},
    Row{Reason::UpstreamConnect, 0, 0},
    Row{Reason::UpstreamTimeout, 1014, 1014},
    Row{Reason::UpstreamTls, 0, 0},
    Row{Reason::UpstreamStatus, 0, 0},
    Row{Reason::UpstreamAnswer, 0, 0},
    Row{Reason::UpstreamNone, 0, 0},
    Row{Reason::UpstreamClosed, 0, 0},
    Row{Reason::UpstreamLost, 1014, 1014},
    Row{Reason::UpstreamProtocol, 1014, 1014},
    Row{Reason::UpstreamMessage, 1014, 1014},
    Row{Reason::ApiKey, 0, 0},
    Row{Reason::ApiRole, 0, 0},
    Row{Reason::ApiMethod, 0, 0},
    Row{Reason::ApiSize, 0, 0},
    Row{Reason::ApiFormat, 0, 0},
    Row{Reason::Internal, 1011, 3004},
};

/// Every code of a Close that may come from a client or an operator (RFC 6455 §7.4).
std::vector<std::uint16_t> codes()
{
    std::vector<std::uint16_t> all{1000, 1001, 1002, 1003, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014};
    for (std::uint16_t code = 3000; code < 5000; ++code)
        all.push_back(code);
    return all;
}

} // namespace

class CloseCodesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void every_reason_has_its_row();
    void codes_are_those_of_the_table_data();
    void codes_are_those_of_the_table();
    void other_routes_send_the_plain_code();
    void what_a_peer_closed_itself_keeps_its_code();
    void a_code_is_not_mapped_twice();
    void codes_say_whether_to_come_back_data();
    void codes_say_whether_to_come_back();
};

void CloseCodesTest::every_reason_has_its_row()
{
    QCOMPARE(table.size(), reasonCount);
    for (std::size_t i = 0; i < reasonCount; ++i)
        QCOMPARE(table[i].reason, static_cast<Reason>(i));
}

void CloseCodesTest::codes_are_those_of_the_table_data()
{
    QTest::addColumn<int>("row");
    for (const Row& row : table)
        QTest::newRow(row.reason == Reason::None ? "none" : std::string(reasonWord(row.reason)).c_str())
            << int(&row - table.data());
}

void CloseCodesTest::codes_are_those_of_the_table()
{
    QFETCH(int, row);
    const auto [reason, plain, centrifuge, policy, centrifugePolicy] = table.at(static_cast<std::size_t>(row));
    QCOMPARE(int(closeCode(reason).value_or(0)), int(plain));
    if (plain != 0)
        QCOMPARE(int(routeCloseCode(RouteKind::Centrifuge, reason, plain)), int(centrifuge));
    if (policy != 0)
        QCOMPARE(int(routeCloseCode(RouteKind::Centrifuge, reason, policy)), int(centrifugePolicy));
}

void CloseCodesTest::other_routes_send_the_plain_code()
{
    for (const RouteKind kind : {RouteKind::Plain, RouteKind::Echo, RouteKind::Gateway})
        for (const Row& row : table)
            for (const std::uint16_t code : codes())
                QCOMPARE(routeCloseCode(kind, row.reason, code), code);
}

void CloseCodesTest::what_a_peer_closed_itself_keeps_its_code()
{
    for (const std::uint16_t code : codes())
        for (const Reason reason : {Reason::PeerClosed, Reason::UpstreamClosed, Reason::PeerAbort})
            QCOMPARE(routeCloseCode(RouteKind::Centrifuge, reason, code), code);
}

void CloseCodesTest::a_code_is_not_mapped_twice()
{
    for (const Row& row : table)
        for (const std::uint16_t code : codes()) {
            const std::uint16_t once = routeCloseCode(RouteKind::Centrifuge, row.reason, code);
            QCOMPARE(routeCloseCode(RouteKind::Centrifuge, row.reason, once), once);
        }
}

/// What the clients of Centrifugo do: 1009, 3500 to 3999 and 4500 to 4999 end it for good.
void CloseCodesTest::codes_say_whether_to_come_back_data()
{
    QTest::addColumn<int>("reason");
    QTest::addColumn<int>("plain");
    QTest::addColumn<bool>("comesBack");
    const auto row = [](Reason reason, int plain, bool comesBack) {
        QTest::addRow("%s, %d", std::string(reasonWord(reason)).c_str(), plain) << int(reason) << plain << comesBack;
    };
    for (const Reason reason : {Reason::Drain, Reason::Internal, Reason::PingTimeout, Reason::SlowConsumer,
                                Reason::QueueFull, Reason::LimitTotal, Reason::LimitIp, Reason::AuditFailed,
                                Reason::Expired, Reason::Revoked, Reason::Lifetime, Reason::RateSession})
        row(reason, closeCode(reason).value(), true);
    for (const Reason reason :
         {Reason::Kicked, Reason::Banned, Reason::Lockdown, Reason::Idle, Reason::LimitUser, Reason::JwtSig,
          Reason::AuthMissing, Reason::Schema, Reason::ChannelLimit, Reason::Authz, Reason::TooBig})
        row(reason, closeCode(reason).value(), false);
    row(Reason::AuthzChannel, 4403, false);
    row(Reason::Path, 4403, false);
}

void CloseCodesTest::codes_say_whether_to_come_back()
{
    QFETCH(int, reason);
    QFETCH(int, plain);
    QFETCH(bool, comesBack);
    const int code =
        routeCloseCode(RouteKind::Centrifuge, static_cast<Reason>(reason), static_cast<std::uint16_t>(plain));
    const bool forGood = code == 1009 || (code >= 3500 && code < 4000) || (code >= 4500 && code < 5000);
    QCOMPARE(!forGood, comesBack);
}

QTEST_GUILESS_MAIN(CloseCodesTest)
#include "closecodestest.moc"
