// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/certificatekeeper.h"
#include "certificates.h"
#include "manualclock.h"
#include "policy/load.h"
#include "setup/certificatefacts.h"
#include "setup/initialise.h"

#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace std::chrono_literals;

namespace {

constexpr auto day = std::chrono::days(1);

struct Record {
    AuditKind kind;
    Reason reason;
    std::string actor;
    std::string detail;
};

class Events final : public CertificateEvents {
public:
    void certificateChanged(std::shared_ptr<const PolicyGeneration> base,
                            std::shared_ptr<const PolicyGeneration> next) override
    {
        if (base == served)
            served = std::move(next);
        ++changes;
    }
    void certificateRecord(AuditKind kind, Reason reason, const std::string& actor, std::string detail) override
    {
        records.push_back({kind, reason, actor, std::move(detail)});
    }
    void certificatesStand(CertificateState newState, std::optional<WallTime> soonestEnd) override
    {
        state = newState;
        end = soonestEnd;
    }
    bool wasRecorded(const std::string& text) override { return known.find(text) != std::string::npos; }

    [[nodiscard]] std::vector<Record> alarms() const
    {
        std::vector<Record> found;
        std::ranges::copy_if(records, std::back_inserter(found),
                             [](const Record& record) { return record.reason == Reason::TlsReloadFailed; });
        return found;
    }

    std::shared_ptr<const PolicyGeneration> served;
    int changes = 0;
    std::vector<Record> records;
    CertificateState state = CertificateState::Good;
    std::optional<WallTime> end;
    std::string known; ///< details of a log from before
};

} // namespace

class CertificateKeeperTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void nothing_is_said_while_nothing_changes();
    void a_new_pair_is_taken_into_use();
    void a_key_that_comes_before_its_certificate_is_no_failure();
    void what_stays_wrong_is_one_alarm_for_each_state();
    void an_alarm_ends_when_the_served_files_are_back();
    void what_a_command_said_is_not_said_again();
    void another_generation_is_followed();
    void unchanged_files_keep_their_context();
    void renewal_waits_for_the_last_third();
    void renewal_keeps_names_and_modes_and_has_a_new_key();
    void renewal_replaces_what_a_link_leads_to();
    void renewal_is_off_where_the_policy_says_so();
    void a_foreign_certificate_is_never_renewed();
    void a_renewal_that_fails_is_one_alarm_until_it_works();
    void a_ca_key_that_others_can_read_is_an_alarm_when_it_is_needed();
    void a_certificate_that_ends_with_its_ca_is_not_renewed_for_ever();
    void a_clock_that_was_set_back_does_not_put_a_renewal_off();
    void warnings_come_once_for_each_threshold();
    void warnings_of_before_a_restart_are_not_repeated();
    void renewal_by_command_is_its_actors();
    void renewal_by_command_says_why_it_cannot_be();
    void the_status_names_what_an_operator_needs();

private:
    void startKeeper();
    /// Lets a second pass, and the keeper look.
    void look(std::chrono::nanoseconds after = 1s)
    {
        m_clock.advance(after);
        m_keeper->tick();
    }
    void lookUntilQuiet()
    {
        for (int i = 0; i < 4; ++i)
            look();
    }
    void becomeForeign()
    {
        m_tls.writePair(TlsFolder::foreign(m_clock.wall()));
        startKeeper();
    }
    [[nodiscard]] CertificateFacts facts() const { return certificateFacts(contentsOf(m_tls.certificate())).value(); }
    [[nodiscard]] const CertificateFacts& served() const { return m_events.served->certificates.at(0)->facts; }

    std::unique_ptr<QTemporaryDir> m_folder;
    ManualClock m_clock;
    TlsFolder m_tls;
    std::shared_ptr<Policy> m_policy;
    Events m_events;
    std::unique_ptr<CertificateKeeper> m_keeper;
};

void CertificateKeeperTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    InitOptions options;
    options.hostName = "plant3.example";
    options.now = m_clock.wall();
    const auto made = initialise(std::filesystem::path(m_folder->path().toStdString()) / "gate", options);
    QVERIFY(made);
    m_tls.folder = made->serverCertificate.parent_path();
    m_policy = std::make_shared<Policy>(loadPolicy(made->policy).value().policy);
    startKeeper();
}

void CertificateKeeperTest::startKeeper()
{
    const std::string known = m_events.known;
    m_events = Events();
    m_events.known = known;
    m_events.served = makeGeneration(m_policy, m_clock).value();
    m_keeper = std::make_unique<CertificateKeeper>(m_clock, m_events);
    m_keeper->setGeneration(m_events.served);
    m_keeper->tick();
    lookUntilQuiet();
}

void CertificateKeeperTest::nothing_is_said_while_nothing_changes()
{
    for (int hour = 0; hour < 50; ++hour)
        look(1h);
    QVERIFY(m_events.records.empty());
    QCOMPARE(m_events.changes, 0);
    QCOMPARE(m_events.state, CertificateState::Good);
    QCOMPARE(m_events.end, std::optional(served().notAfter));
}

void CertificateKeeperTest::a_new_pair_is_taken_into_use()
{
    const auto before = m_events.served;
    m_tls.writePair(m_tls.made(m_clock.wall()));
    look();
    QCOMPARE(m_events.changes, 1);
    QVERIFY(m_events.served != before && m_events.served->tls[0] != before->tls[0]);
    QCOMPARE(served().fingerprint, facts().fingerprint);
    QCOMPARE(m_events.records.size(), 1u);
    QCOMPARE(m_events.records[0].kind, AuditKind::Reload);
    QCOMPARE(m_events.records[0].reason, Reason::None);
    QCOMPARE(m_events.records[0].actor, std::string("rule"));
    QVERIFY(m_events.records[0].detail.starts_with("certificate of listener public: localhost, until 2028-01-1"));
    lookUntilQuiet();
    QCOMPARE(m_events.records.size(), 1u);
}

void CertificateKeeperTest::a_key_that_comes_before_its_certificate_is_no_failure()
{
    const CertificateAndKey next = m_tls.made(m_clock.wall());
    writeOver(m_tls.key(), next.key);
    look();
    QCOMPARE(m_events.changes, 0);
    writeOver(m_tls.certificate(), next.certificate.substr(0, 100)); // half of it, as a slow writer leaves it
    look();
    QCOMPARE(m_events.changes, 0);
    writeOver(m_tls.certificate(), next.certificate);
    lookUntilQuiet();
    QCOMPARE(m_events.changes, 1);
    QVERIFY(m_events.alarms().empty());
    QCOMPARE(m_events.state, CertificateState::Good);
}

void CertificateKeeperTest::what_stays_wrong_is_one_alarm_for_each_state()
{
    writeOver(m_tls.certificate(), "no certificate");
    look();
    look();
    QVERIFY(m_events.alarms().empty()); // it may still be written
    for (int i = 0; i < 100; ++i)
        look(10min);
    QCOMPARE(m_events.alarms().size(), 1u);
    QCOMPARE(m_events.state, CertificateState::ReloadFailed);
    const Record alarm = m_events.alarms()[0];
    QCOMPARE(alarm.kind, AuditKind::Reload);
    QVERIFY2(alarm.detail.starts_with("listener public: " + m_tls.certificate().string() + ": "), alarm.detail.c_str());

    writeOver(m_tls.certificate(), "no certificate"); // written again, but the same
    lookUntilQuiet();
    QCOMPARE(m_events.alarms().size(), 1u);
    writeOver(m_tls.certificate(), "another that is none");
    lookUntilQuiet();
    QCOMPARE(m_events.alarms().size(), 2u);
    QCOMPARE(m_events.changes, 0);
}

void CertificateKeeperTest::an_alarm_ends_when_the_served_files_are_back()
{
    const std::string good = contentsOf(m_tls.certificate());
    writeOver(m_tls.certificate(), "");
    lookUntilQuiet();
    QCOMPARE(m_events.state, CertificateState::ReloadFailed);
    QVERIFY(!m_keeper->status().certificates.at(0).failure.empty());
    QVERIFY(m_keeper->status().certificates.at(0).failedAt);
    writeOver(m_tls.certificate(), good);
    look();
    QCOMPARE(m_events.state, CertificateState::Good);
    QVERIFY(m_keeper->status().certificates.at(0).failure.empty());
    QCOMPARE(m_events.changes, 0); // the context that serves lives on
}

void CertificateKeeperTest::what_a_command_said_is_not_said_again()
{
    writeOver(m_tls.certificate(), "no certificate");
    m_keeper->failureReported();
    QCOMPARE(m_events.state, CertificateState::ReloadFailed);
    lookUntilQuiet();
    QVERIFY(m_events.alarms().empty());
    writeOver(m_tls.certificate(), "another that is none");
    lookUntilQuiet();
    QCOMPARE(m_events.alarms().size(), 1u);
}

void CertificateKeeperTest::another_generation_is_followed()
{
    m_tls.writePair(m_tls.made(m_clock.wall()));
    m_events.served = makeGeneration(m_policy, m_clock, m_events.served.get()).value();
    m_keeper->setGeneration(m_events.served);
    lookUntilQuiet();
    QCOMPARE(m_events.changes, 0); // it serves what lies there
    m_tls.writePair(m_tls.made(m_clock.wall()));
    look();
    QCOMPARE(m_events.changes, 1);
    QCOMPARE(served().fingerprint, facts().fingerprint);
}

void CertificateKeeperTest::unchanged_files_keep_their_context()
{
    const auto first = m_events.served;
    const auto same = makeGeneration(m_policy, m_clock, first.get()).value();
    QCOMPARE(same->tls[0], first->tls[0]);
    auto stricter = std::make_shared<Policy>(*m_policy);
    stricter->listeners[0].tls->minVersion = TlsVersion::Tls13;
    QVERIFY(makeGeneration(stricter, m_clock, first.get()).value()->tls[0] != first->tls[0]);
    m_clock.advance(400 * day); // what is served has ended, but nothing better is there
    QVERIFY(makeGeneration(m_policy, m_clock, first.get()));
    QVERIFY(makeGeneration(stricter, m_clock, first.get()));
    m_tls.writePair(m_tls.made(m_clock.wall()));
    QVERIFY(makeGeneration(m_policy, m_clock, first.get()).value()->tls[0] != first->tls[0]);
}

void CertificateKeeperTest::renewal_waits_for_the_last_third()
{
    const WallTime due = facts().notAfter - (facts().notAfter - facts().notBefore) / 3;
    look(due - m_clock.wall() - 2s);
    look(1s);
    QCOMPARE(m_events.changes, 0);
    look(1h);
    QCOMPARE(m_events.changes, 1);
    QCOMPARE(m_events.records.size(), 1u);
    QCOMPARE(m_events.records[0].kind, AuditKind::Certificate);
    QCOMPARE(m_events.records[0].actor, std::string("rule"));
    QVERIFY2(m_events.records[0].detail.starts_with("certificate of listener public renewed: localhost, until "),
             m_events.records[0].detail.c_str());
    QVERIFY(served().notAfter > m_clock.wall() + 364 * day);
    lookUntilQuiet();
    QCOMPARE(m_events.changes, 1);
}

void CertificateKeeperTest::renewal_keeps_names_and_modes_and_has_a_new_key()
{
    setMode(m_tls.certificate(), 0640);
    setMode(m_tls.key(), 0640);
    const CertificateFacts before = facts();
    const std::string key = contentsOf(m_tls.key());
    m_clock.advance(250 * day);
    look();
    look();
    const CertificateFacts after = facts();
    QVERIFY(after.fingerprint != before.fingerprint && after.serial != before.serial);
    QCOMPARE(after.names, before.names);
    QCOMPARE(after.subject, before.subject);
    QCOMPARE(after.issuer, before.issuer);
    QVERIFY(contentsOf(m_tls.key()) != key);
    for (const auto& file : {m_tls.certificate(), m_tls.key()}) {
        struct stat status {};
        QVERIFY(stat(file.c_str(), &status) == 0);
        QCOMPARE(status.st_mode & 07777, mode_t(0640));
    }
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(m_tls.folder))
        ++files;
    QCOMPARE(files, std::size_t(4)); // nothing is left over
}

void CertificateKeeperTest::renewal_replaces_what_a_link_leads_to()
{
    const auto archive = m_tls.folder / "archive";
    std::filesystem::create_directory(archive);
    std::filesystem::rename(m_tls.certificate(), archive / "one.pem");
    std::filesystem::create_symlink("archive/one.pem", m_tls.certificate());
    lookUntilQuiet();
    QVERIFY(m_events.records.empty());
    m_clock.advance(250 * day);
    look();
    QCOMPARE(m_events.changes, 1);
    QVERIFY(std::filesystem::is_symlink(m_tls.certificate()));
    QVERIFY(std::filesystem::is_regular_file(std::filesystem::symlink_status(archive / "one.pem")));
}

void CertificateKeeperTest::renewal_is_off_where_the_policy_says_so()
{
    m_policy->listeners[0].tls->renew = false;
    startKeeper();
    m_clock.advance(250 * day);
    look(1h);
    QCOMPARE(m_events.changes, 0);
    QVERIFY(m_keeper->status().certificates.at(0).renewsNot.find("\"off\"") != std::string::npos);
    m_clock.advance(90 * day);
    look(1h);
    QCOMPARE(m_events.records.size(), 1u);
    QVERIFY(m_events.records[0].detail.find("ends within 30 days") != std::string::npos);
}

void CertificateKeeperTest::a_foreign_certificate_is_never_renewed()
{
    becomeForeign();
    const std::string before = contentsOf(m_tls.certificate());
    for (int i = 0; i < 40; ++i)
        look(10 * day);
    QCOMPARE(contentsOf(m_tls.certificate()), before);
    QCOMPARE(m_events.changes, 0);
    QVERIFY(m_events.alarms().empty());
    QVERIFY(!m_keeper->status().certificates.at(0).renews);
    QVERIFY(!m_keeper->status().certificates.at(0).caExpires);
}

void CertificateKeeperTest::a_renewal_that_fails_is_one_alarm_until_it_works()
{
    const auto inTheWay = m_tls.folder / "server.key.gatehouse-new";
    std::filesystem::create_directories(inTheWay / "not empty");
    m_clock.advance(250 * day);
    for (int hour = 0; hour < 10; ++hour)
        look(1h);
    QCOMPARE(m_events.alarms().size(), 1u);
    QCOMPARE(m_events.alarms()[0].kind, AuditKind::Certificate);
    QVERIFY2(
        m_events.alarms()[0].detail.starts_with("certificate of listener public not renewed: " + inTheWay.string()),
        m_events.alarms()[0].detail.c_str());
    QCOMPARE(m_events.state, CertificateState::ReloadFailed);
    QCOMPARE(m_events.changes, 0);
    look(85 * day); // a renewal that fails is no reason not to warn
    QVERIFY(m_events.records.back().detail.find("ends within 30 days") != std::string::npos);
    std::filesystem::remove_all(inTheWay);
    look(1h);
    QCOMPARE(m_events.changes, 1);
    look(1h);
    QCOMPARE(m_events.state, CertificateState::Good);
}

void CertificateKeeperTest::a_ca_key_that_others_can_read_is_an_alarm_when_it_is_needed()
{
    setMode(m_tls.caKey(), 0644);
    look(1h);
    QVERIFY(m_events.records.empty());
    QVERIFY(m_keeper->status().certificates.at(0).renewsNot.find("0644") != std::string::npos);
    m_clock.advance(250 * day);
    look();
    QCOMPARE(m_events.alarms().size(), 1u);
    QVERIFY(m_events.alarms()[0].detail.find("mode 0644") != std::string::npos);
    QCOMPARE(m_events.changes, 0);
}

void CertificateKeeperTest::a_certificate_that_ends_with_its_ca_is_not_renewed_for_ever()
{
    m_clock.advance(std::chrono::days(3650 - 100));
    look(); // the first one is over; this one ends with the CA
    QCOMPARE(m_events.changes, 1);
    const auto ca = certificateFacts(contentsOf(m_tls.caCertificate())).value();
    QCOMPARE(served().notAfter, ca.notAfter);
    QVERIFY(!m_keeper->status().certificates.at(0).renews);
    for (int i = 0; i < 90; ++i)
        look(day);
    QCOMPARE(m_events.changes, 1);
    QCOMPARE(m_events.state, CertificateState::ExpiresSoon);
    const auto answer = m_keeper->renew({"dana", "socket"}, {"public", false});
    QVERIFY(!answer);
    QCOMPARE(answer.error().code, ControlErrorCode::Rejected);
    QVERIFY(m_keeper->renew({"dana", "socket"}, {"public", true}));
    QCOMPARE(served().notAfter, ca.notAfter);
}

void CertificateKeeperTest::a_clock_that_was_set_back_does_not_put_a_renewal_off()
{
    const auto inTheWay = m_tls.folder / "server.key.gatehouse-new";
    std::filesystem::create_directories(inTheWay / "not empty");
    look(300 * day);
    QCOMPARE(m_events.alarms().size(), 1u);
    std::filesystem::remove_all(inTheWay);
    m_clock.stepWall(-24h * 50);
    look();
    QCOMPARE(m_events.changes, 1);
}

void CertificateKeeperTest::warnings_come_once_for_each_threshold()
{
    becomeForeign();
    std::vector<std::string> said;
    for (int half = 0; half < 2 * 370; ++half) {
        look(12h);
        if (m_events.records.size() > said.size())
            said.push_back(m_events.records.back().detail);
        QCOMPARE(m_events.records.size(), said.size());
    }
    QCOMPARE(said.size(), 4u);
    const std::string mark = ": sha256 " + served().fingerprint.substr(0, 16);
    const std::array texts{"ends within 30 days", "ends within 14 days", "ends within 3 days", "has ended"};
    for (std::size_t i = 0; i < texts.size(); ++i)
        QVERIFY2(said[i].ends_with(texts[i] + mark), said[i].c_str());
    QCOMPARE(m_events.records[0].kind, AuditKind::Certificate);
    QCOMPARE(m_events.records[0].reason, Reason::None);
    QCOMPARE(m_events.state, CertificateState::ExpiresSoon);
    m_tls.writePair(TlsFolder::foreign(m_clock.wall()));
    look();
    QCOMPARE(m_events.state, CertificateState::Good);
}

void CertificateKeeperTest::warnings_of_before_a_restart_are_not_repeated()
{
    becomeForeign();
    m_clock.advance(340 * day);
    look();
    QCOMPARE(m_events.records.size(), 1u);
    m_events.known = m_events.records[0].detail;
    startKeeper();
    QVERIFY(m_events.records.empty());
    look(15 * day);
    QCOMPARE(m_events.records.size(), 1u);
}

void CertificateKeeperTest::renewal_by_command_is_its_actors()
{
    const std::string before = served().fingerprint;
    const auto answer = m_keeper->renew({"dana", "socket"}, {});
    QVERIFY(answer);
    QCOMPARE(answer->certificates.size(), 1u);
    QVERIFY(served().fingerprint != before);
    QCOMPARE(answer->certificates[0].facts, served());
    QCOMPARE(answer->certificates[0].daysLeft, 364);
    QCOMPARE(m_events.records.size(), 1u);
    QCOMPARE(m_events.records[0].kind, AuditKind::Certificate);
    QCOMPARE(m_events.records[0].actor, std::string("dana"));
}

void CertificateKeeperTest::renewal_by_command_says_why_it_cannot_be()
{
    const auto unknown = m_keeper->renew({"dana", "socket"}, {"none", false});
    QVERIFY(!unknown);
    QCOMPARE(unknown.error().code, ControlErrorCode::NotFound);
    becomeForeign();
    const auto foreign = m_keeper->renew({"dana", "socket"}, {});
    QVERIFY(!foreign);
    QCOMPARE(foreign.error().code, ControlErrorCode::Rejected);
    QVERIFY2(foreign.error().message.find("not of a local CA") != std::string::npos &&
                 foreign.error().message.find("replace the files") != std::string::npos,
             foreign.error().message.c_str());
}

void CertificateKeeperTest::the_status_names_what_an_operator_needs()
{
    const CertificateStatus status = m_keeper->status().certificates.at(0);
    QCOMPARE(status.listener, std::string("public"));
    QCOMPARE(status.certificateFile, m_tls.certificate().string());
    QCOMPARE(status.keyFile, m_tls.key().string());
    QCOMPARE(status.facts.subject, std::string("CN=plant3.example,O=Gatehouse"));
    QCOMPARE(status.facts.issuer, std::string("CN=Gatehouse local CA of plant3.example,O=Gatehouse"));
    QCOMPARE(status.facts.names.at(0), std::string("localhost"));
    QVERIFY(std::ranges::count(status.facts.names, "127.0.0.1") == 1 &&
            std::ranges::count(status.facts.names, "::1") == 1);
    QCOMPARE(status.facts.keyType, std::string("EC P-256"));
    QCOMPARE(status.facts.fingerprint.size(), std::size_t(64));
    QCOMPARE(status.daysLeft, 364);
    QVERIFY(status.renews && status.renewsNot.empty());
    QCOMPARE(status.renewsAt,
             std::optional(status.facts.notAfter - (status.facts.notAfter - status.facts.notBefore) / 3));
    QVERIFY(status.caExpires && *status.caExpires > status.facts.notAfter);
}

QTEST_GUILESS_MAIN(CertificateKeeperTest)
#include "certificatekeepertest.moc"
