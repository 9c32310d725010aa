// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificates.h"
#include "setup/certificatefacts.h"
#include "testserver.h"

#include <QTest>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <fcntl.h>
#include <sys/stat.h>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

constexpr auto day = std::chrono::days(1);

/// Sessions of a clock that jumps must not be pinged in between.
/// Sessions live as long as the clock is moved.
void withoutTimers(nlohmann::json& policy)
{
    for (auto& route : policy["routes"])
        route["ping"] = route["session_lifetime"] = "off";
}

TlsFolder folderOf(const TestServer& server)
{
    return {server.policyFile().parent_path() / "tls"};
}

/// The certificate that a new TLS client is shown, in PEM; empty where the handshake did not end well.
std::string shown(const TestServer& server)
{
    std::string pem;
    ByteClient::Options options;
    options.configure = [&pem](SSL_CTX* context) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
        SSL_CTX_set_cert_verify_callback(
            context,
            [](X509_STORE_CTX* store, void* target) {
                const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), BIO_free_all);
                char* bytes = nullptr;
                PEM_write_bio_X509(out.get(), X509_STORE_CTX_get0_cert(store));
                const long size = BIO_get_mem_data(out.get(), &bytes);
                static_cast<std::string*>(target)->assign(bytes, static_cast<std::size_t>(size));
                return 1;
            },
            &pem);
    };
    return server.tls(options).connected() ? pem : std::string();
}

/// A client that trusts the folder's CA alone and checks the name.
bool isTrusted(const TestServer& server, WallTime at)
{
    ByteClient::Options options;
    options.configure = [&](SSL_CTX* context) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
        SSL_CTX_load_verify_locations(context, folderOf(server).caCertificate().c_str(), nullptr);
        X509_VERIFY_PARAM* parameters = SSL_CTX_get0_param(context);
        X509_VERIFY_PARAM_set1_host(parameters, "localhost", 0);
        X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
        X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(at));
    };
    return server.tls(options).connected();
}

void replaceByRename(const std::filesystem::path& file, const std::string& bytes)
{
    const std::filesystem::path next = file.string() + ".next";
    std::ofstream(next, std::ios::binary) << bytes;
    setMode(next, 0600);
    std::filesystem::rename(next, file);
}

bool same(const CertificateFacts& facts, const std::string& pem)
{
    const auto other = certificateFacts(pem);
    return other && other->fingerprint == facts.fingerprint;
}

std::vector<AuditRecord> reloads(const TestServer& server, Reason reason)
{
    std::vector<AuditRecord> found;
    AuditQuery query;
    query.kind = AuditKind::Reload;
    for (AuditRecord& record : server.audit(std::move(query)))
        if (record.decision.reason == reason)
            found.push_back(std::move(record));
    return found;
}

} // namespace

Q_DECLARE_METATYPE(std::function<void(const TlsFolder&)>)

class CertificatesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void new_files_serve_new_handshakes_and_sessions_stay_data();
    void new_files_serve_new_handshakes_and_sessions_stay();
    void a_reload_by_command_takes_new_files_at_once();
    void row10_the_old_one_stays_data();
    void row10_the_old_one_stays();
    void row10_a_reload_by_command_is_refused_and_counted_once();
    void row83_an_invalid_policy_is_counted();
    void the_local_cas_certificate_renews_itself();
    void a_renewal_by_command_answers_with_the_new_dates();
    void a_foreign_certificate_is_not_renewed_but_warned_about();
    void a_restart_finishes_a_renewal_that_was_cut_off();
    void a_restart_does_not_warn_again();

private:
    /// Lets the server's seconds pass until something is so.
    bool eventuallyOf(const std::function<bool()>& condition)
    {
        return eventually([&] {
            m_clock.advance(200ms);
            return condition();
        });
    }
    ManualClock m_clock;
};

void CertificatesTest::new_files_serve_new_handshakes_and_sessions_stay_data()
{
    QTest::addColumn<int>("way");
    QTest::newRow("written over, the key first") << 0;
    QTest::newRow("renamed over") << 1;
    QTest::newRow("a link that leads elsewhere") << 2;
}

void CertificatesTest::new_files_serve_new_handshakes_and_sessions_stay()
{
    QFETCH(int, way);
    TestServer server(withoutTimers, &m_clock);
    const TlsFolder tls = folderOf(server);
    const CertificateAndKey old = tls.pair();
    const CertificateAndKey next = tls.made(m_clock.wall() + 10 * day);
    m_clock.advance(10 * day);
    if (way == 2) { // as certbot does it: live/ leads to archive/
        std::filesystem::create_directory(tls.folder / "archive");
        for (const auto& file : {tls.certificate(), tls.key()}) {
            const auto moved = tls.folder / "archive" / file.filename();
            std::filesystem::rename(file, moved);
            std::filesystem::create_symlink(moved, file);
        }
    }
    ByteClient session = server.tls();
    QCOMPARE(session.upgrade({}).status, 101);
    QVERIFY(shown(server) == old.certificate);

    if (way == 0) {
        tls.writePair(next);
    } else if (way == 1) {
        replaceByRename(tls.certificate(), next.certificate);
        replaceByRename(tls.key(), next.key);
    } else {
        std::filesystem::create_directory(tls.folder / "archive2");
        for (const auto& [file, bytes] : {std::pair{tls.certificate(), next.certificate}, {tls.key(), next.key}}) {
            const auto target = tls.folder / "archive2" / file.filename();
            writeOver(target, bytes);
            setMode(target, 0600);
            std::filesystem::remove(file);
            std::filesystem::create_symlink(target, file);
        }
    }
    QVERIFY(eventuallyOf([&] { return shown(server) == next.certificate; }));
    QVERIFY(session.text("still here"));
    QCOMPARE(session.nextData().payload, std::string("still here"));
    QCOMPARE(server.sessions().size(), 1u);
    const Info info = server.info();
    QCOMPARE(info.listeners[0].certificateExpires, std::optional(certificateFacts(next.certificate).value().notAfter));
    QCOMPARE(server.runtime().listeners()[0], info.listeners[0]);
    QCOMPARE(info.policyVersion, 1u);
    QCOMPARE(server.refused(Reason::TlsReloadFailed), 0u);
    const auto records = reloads(server, Reason::None);
    QCOMPARE(records.size(), 1u);
    QVERIFY(records[0].detail.starts_with("certificate of listener public: localhost, until "));
}

void CertificatesTest::a_reload_by_command_takes_new_files_at_once()
{
    TestServer server({}, &m_clock); // whose clock stands still: no look comes to our aid
    QVERIFY(eventually([&] {
        return !std::get<CertificateList>(server.call(CertificateStatusQuery{}).value()).certificates.empty();
    }));
    const TlsFolder tls = folderOf(server);
    ByteClient session = server.tls();
    QCOMPARE(session.upgrade({}).status, 101);
    const CertificateAndKey next = tls.made(m_clock.wall());
    tls.writePair(next);
    QVERIFY(server.call(ReloadCommand{}));
    QVERIFY(shown(server) == next.certificate);
    QVERIFY(session.text("still here"));
    QCOMPARE(session.nextData().payload, std::string("still here"));
    QCOMPARE(server.info().policyVersion, 1u); // whose document is as it was
    QVERIFY(same(std::get<CertificateList>(server.call(CertificateStatusQuery{}).value()).certificates.at(0).facts,
                 next.certificate));
}

void CertificatesTest::row10_the_old_one_stays_data()
{
    QTest::addColumn<std::function<void(const TlsFolder&)>>("spoil");
    QTest::addColumn<QByteArray>("said");
    const auto row = [](const char* name, std::function<void(const TlsFolder&)> spoil, const char* said) {
        QTest::newRow(name) << std::move(spoil) << QByteArray(said);
    };
    row(
        "no PEM", [](const TlsFolder& tls) { writeOver(tls.certificate(), "hello"); }, "server.pem: ");
    row(
        "PEM that is none",
        [](const TlsFolder& tls) {
            writeOver(tls.certificate(), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        },
        "server.pem: ");
    row(
        "no key", [](const TlsFolder& tls) { writeOver(tls.key(), "hello"); }, "no private key in PEM");
    row(
        "another's key",
        [](const TlsFolder& tls) { writeOver(tls.key(), TlsFolder::foreign(SystemClock().wall()).key); }, "server.key");
    row(
        "a certificate that has ended",
        [](const TlsFolder& tls) { tls.writePair(tls.made(ManualClock().wall() - 400 * day)); },
        "it ended at 2026-12-");
    row(
        "a certificate of the future",
        [](const TlsFolder& tls) { tls.writePair(tls.made(ManualClock().wall() + 400 * day)); },
        "it is not valid before 2028-02-");
    row(
        "a key that others can read", [](const TlsFolder& tls) { setMode(tls.key(), 0644); }, "mode 0644");
    row(
        "no file", [](const TlsFolder& tls) { std::filesystem::remove(tls.certificate()); }, "No such file");
    row(
        "no key file", [](const TlsFolder& tls) { std::filesystem::remove(tls.key()); }, "No such file");
    row(
        "an empty file", [](const TlsFolder& tls) { writeOver(tls.certificate(), ""); }, "it is empty");
    row(
        "100 MiB", [](const TlsFolder& tls) { std::filesystem::resize_file(tls.certificate(), 100U << 20); },
        "larger than 1024 KiB");
    row(
        "100 MiB of key", [](const TlsFolder& tls) { std::filesystem::resize_file(tls.key(), 100U << 20); },
        "larger than 1024 KiB");
    const auto instead = [](const std::filesystem::path& file, bool fifo) {
        std::filesystem::remove(file);
        if (fifo)
            mkfifo(file.c_str(), 0600);
        else
            std::filesystem::create_directory(file);
        setMode(file, 0600);
    };
    row(
        "a directory", [=](const TlsFolder& tls) { instead(tls.certificate(), false); }, "not a regular file");
    row(
        "a FIFO", [=](const TlsFolder& tls) { instead(tls.certificate(), true); }, "not a regular file");
    row(
        "a key that is a FIFO", [=](const TlsFolder& tls) { instead(tls.key(), true); }, "not a regular file");
    row(
        "a device",
        [](const TlsFolder& tls) {
            std::filesystem::remove(tls.certificate());
            std::filesystem::create_symlink("/dev/zero", tls.certificate());
        },
        "not a regular file");
    row(
        "a link in a circle",
        [](const TlsFolder& tls) {
            std::filesystem::remove(tls.certificate());
            std::filesystem::create_symlink(tls.certificate(), tls.certificate());
        },
        "server.pem: ");
}

void CertificatesTest::row10_the_old_one_stays()
{
    QFETCH(std::function<void(const TlsFolder&)>, spoil);
    QFETCH(QByteArray, said);
    TestServer server(withoutTimers, &m_clock);
    const TlsFolder tls = folderOf(server);
    const CertificateAndKey old = tls.pair();
    spoil(tls);
    QVERIFY(eventuallyOf([&] { return server.refused(Reason::TlsReloadFailed) > 0; }));
    QVERIFY(shown(server) == old.certificate);
    QVERIFY(isTrusted(server, m_clock.wall()));
    for (int second = 0; second < 10; ++second) // however often it is looked at
        QVERIFY(eventuallyOf([&] { return server.info().stats.certificates == CertificateState::ReloadFailed; }));
    QCOMPARE(server.refused(Reason::TlsReloadFailed), 1u);
    const auto records = reloads(server, Reason::TlsReloadFailed);
    QCOMPARE(records.size(), 1u);
    QVERIFY2(records[0].detail.starts_with("listener public: "), records[0].detail.c_str());
    QVERIFY2(records[0].detail.find(said.toStdString()) != std::string::npos, records[0].detail.c_str());
    QVERIFY(records[0].detail.find("PRIVATE") == std::string::npos);
    const auto status = std::get<CertificateList>(server.call(CertificateStatusQuery{}).value()).certificates.at(0);
    QVERIFY(same(status.facts, old.certificate));
    QVERIFY(!status.failure.empty());

    // Mended, the alarm is over.
    for (const auto& file : {tls.certificate(), tls.key()}) {
        std::filesystem::remove(file);
        writeOver(file, file == tls.key() ? old.key : old.certificate);
        setMode(file, 0600);
    }
    QVERIFY(eventuallyOf([&] { return server.info().stats.certificates == CertificateState::Good; }));
    QCOMPARE(server.refused(Reason::TlsReloadFailed), 1u);
}

void CertificatesTest::row10_a_reload_by_command_is_refused_and_counted_once()
{
    TestServer server(withoutTimers, &m_clock);
    const TlsFolder tls = folderOf(server);
    const std::string old = tls.pair().certificate;
    writeOver(tls.certificate(), "hello");
    const Reply reply = server.call(ReloadCommand{});
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, ControlErrorCode::Rejected);
    QVERIFY(eventuallyOf([&] { return server.info().stats.certificates == CertificateState::ReloadFailed; }));
    setMode(tls.key(), 0644); // what the policy's reader finds is about certificates too
    QVERIFY(!server.call(ReloadCommand{}));
    QCOMPARE(server.refused(Reason::TlsReloadFailed), 2u);
    QCOMPARE(server.refused(Reason::PolicyRejected), 0u);
    const auto records = reloads(server, Reason::TlsReloadFailed);
    QCOMPARE(records.size(), 2u);
    QCOMPARE(records[0].actor, std::string("tester"));
    QVERIFY(shown(server) == old);
    QCOMPARE(server.info().policyVersion, 1u);
}

void CertificatesTest::row83_an_invalid_policy_is_counted()
{
    TestServer server;
    server.edit([](nlohmann::json& policy) { policy["limits"]["sessions"] = "many"; });
    QVERIFY(!server.call(ReloadCommand{}));
    QVERIFY(!server.call(ReloadCommand{}));
    QCOMPARE(server.refused(Reason::PolicyRejected), 2u);
    QCOMPARE(reloads(server, Reason::PolicyRejected).size(), 2u);
    QCOMPARE(server.info().stats.refusedTotal, 2u);
}

void CertificatesTest::the_local_cas_certificate_renews_itself()
{
    TestServer server(withoutTimers, &m_clock);
    const TlsFolder tls = folderOf(server);
    const CertificateAndKey old = tls.pair();
    ByteClient session = server.tls();
    QCOMPARE(session.upgrade({}).status, 101);
    m_clock.advance(240 * day);
    QVERIFY(eventuallyOf([&] { return server.info().stats.time >= ManualClock().wall() + 240 * day; }));
    QVERIFY(shown(server) == old.certificate);
    m_clock.advance(4 * day);
    QVERIFY(eventuallyOf([&] { return shown(server) != old.certificate; }));
    QVERIFY(shown(server) == tls.pair().certificate);
    QVERIFY(isTrusted(server, m_clock.wall() + 300 * day));
    QVERIFY(session.text("still here"));
    QCOMPARE(session.nextData().payload, std::string("still here"));
    const auto records = server.audit(AuditKind::Certificate, Reason::None);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].actor, std::string("rule"));
    QVERIFY(records[0].detail.starts_with("certificate of listener public renewed: localhost, until "));
    server.stop();
    server.start();
    QVERIFY(shown(server) == tls.pair().certificate);
}

void CertificatesTest::a_renewal_by_command_answers_with_the_new_dates()
{
    TestServer server({}, &m_clock);
    const std::string old = shown(server);
    const Reply reply = server.call(CertificateRenewCommand{"public", false});
    QVERIFY2(reply, reply ? "" : reply.error().message.c_str());
    const auto renewed = std::get<CertificateList>(reply.value()).certificates;
    QCOMPARE(renewed.size(), 1u);
    const std::string now = shown(server); // whoever has the answer meets the new one
    QVERIFY(now != old);
    QVERIFY(same(renewed[0].facts, now));
    QCOMPARE(server.audit(AuditKind::Certificate, Reason::None).at(0).actor, std::string("tester"));
    const Reply plain = server.call(CertificateRenewCommand{"lab", false});
    QVERIFY(!plain);
    QCOMPARE(plain.error().code, ControlErrorCode::NotFound);
}

void CertificatesTest::a_foreign_certificate_is_not_renewed_but_warned_about()
{
    TestServer server({}, &m_clock);
    const CertificateAndKey foreign = TlsFolder::foreign(m_clock.wall() - 340 * day);
    folderOf(server).writePair(foreign);
    QVERIFY(eventuallyOf([&] { return shown(server) == foreign.certificate; }));
    QVERIFY(eventuallyOf([&] { return server.audit(AuditKind::Certificate, Reason::None).size() == 1; }));
    QVERIFY(eventuallyOf([&] { return server.info().stats.certificates == CertificateState::ExpiresSoon; }));
    QCOMPARE(server.info().stats.certificatesEnd,
             std::optional(certificateFacts(foreign.certificate).value().notAfter));
    const Reply reply = server.call(CertificateRenewCommand{});
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, ControlErrorCode::Rejected);
    QVERIFY(reply.error().message.find("replace the files") != std::string::npos);
    QVERIFY(shown(server) == foreign.certificate);
}

void CertificatesTest::a_restart_finishes_a_renewal_that_was_cut_off()
{
    TestServer server({}, &m_clock);
    const TlsFolder tls = folderOf(server);
    const auto next = renewServerCertificate(tls.ca(), tls.pair().certificate, m_clock.wall());
    QVERIFY(next);
    server.stop();
    writeOver(tls.certificate().string() + ".gatehouse-new", next->certificate);
    writeOver(tls.key(), next->key);
    server.start();
    QVERIFY(shown(server) == next->certificate);
    QVERIFY(isTrusted(server, m_clock.wall()));
}

void CertificatesTest::a_restart_does_not_warn_again()
{
    TestServer server({}, &m_clock);
    folderOf(server).writePair(TlsFolder::foreign(m_clock.wall() - 340 * day));
    const auto warnings = [&] { return server.audit(AuditKind::Certificate, Reason::None).size(); };
    QVERIFY(eventuallyOf([&] { return warnings() == 1; }));
    server.stop();
    server.start();
    QVERIFY(eventuallyOf([&] { return server.info().stats.certificates == CertificateState::ExpiresSoon; }));
    QCOMPARE(warnings(), 1u); // the state comes after the warnings
}

QTEST_GUILESS_MAIN(CertificatesTest)
#include "certificatestest.moc"
