// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificates.h"
#include "manualclock.h"
#include "setup/certificatefacts.h"
#include "setup/initialise.h"
#include "setup/renewal.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <QTemporaryDir>
#include <QTest>

#include <fcntl.h>
#include <memory>
#include <sys/file.h>
#include <unistd.h>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace std::chrono_literals;

namespace {

constexpr auto day = std::chrono::days(1);
const WallTime now{std::chrono::milliseconds(1'800'000'000'000)};

template <class T, void (*Free)(T*)> using Handle = std::unique_ptr<T, std::integral_constant<decltype(Free), Free>>;
using Certificate = Handle<X509, X509_free>;

Certificate certificateOf(const std::string& pem)
{
    const Handle<BIO, BIO_free_all> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return Certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

/// X509_V_OK, or why who trusts `ca` alone does not trust `server` for `host` at a time, by the strict rules of RFC
/// 5280.
int verify(const std::string& ca, const std::string& server, const char* host, WallTime at)
{
    const Certificate root = certificateOf(ca);
    const Certificate leaf = certificateOf(server);
    const Handle<X509_STORE, X509_STORE_free> store(X509_STORE_new());
    const Handle<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
    X509_STORE_add_cert(store.get(), root.get());
    X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
    X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(at));
    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host) != 1)
        X509_VERIFY_PARAM_set1_host(parameters, host, 0);
    X509_verify_cert(context.get());
    return X509_STORE_CTX_get_error(context.get());
}

/// As SSL_CTX_check_private_key() sees it.
bool fit(const CertificateAndKey& pair)
{
    const Handle<BIO, BIO_free_all> bio(BIO_new_mem_buf(pair.key.data(), static_cast<int>(pair.key.size())));
    const Handle<EVP_PKEY, EVP_PKEY_free> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    const Certificate certificate = certificateOf(pair.certificate);
    return key && certificate && X509_check_private_key(certificate.get(), key.get()) == 1;
}

/// The certificate with the last byte of its signature changed.
std::string withOtherSignature(const std::string& pem)
{
    const Certificate certificate = certificateOf(pem);
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate.get(), &der);
    der[size - 1] ^= 1;
    const unsigned char* at = der;
    const Certificate changed(d2i_X509(nullptr, &at, size));
    OPENSSL_free(der);
    const Handle<BIO, BIO_free_all> out(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(out.get(), changed.get());
    char* bytes = nullptr;
    const long length = BIO_get_mem_data(out.get(), &bytes);
    return {bytes, static_cast<std::size_t>(length)};
}

} // namespace

class CertificateRenewalTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void a_new_one_verifies_for_the_same_names_alone();
    void a_new_one_never_outlives_its_ca();
    void names_that_the_ca_may_not_vouch_for_are_refused();
    void a_certificate_without_names_is_refused();
    void a_plan_needs_the_ca_that_signed_it();
    void a_plan_needs_the_key_of_that_ca();
    void a_plan_knows_when_it_is_due();
    void a_crash_at_any_step_leaves_a_pair_that_fits_data();
    void a_crash_at_any_step_leaves_a_pair_that_fits();
    void a_file_with_both_is_left_alone();
    void a_folder_that_another_process_changes_is_left_alone();
    void a_key_with_a_passphrase_is_a_problem_and_no_question();
    void facts_of_what_is_no_certificate_are_an_error();

private:
    [[nodiscard]] RenewalPlan plan(WallTime at) const
    {
        return planRenewal(m_tls.certificate(), contentsOf(m_tls.certificate()), at);
    }
    std::unique_ptr<QTemporaryDir> m_folder;
    TlsFolder m_tls;
};

void CertificateRenewalTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    InitOptions options;
    options.hostName = "plant3.example";
    options.names = {"gate.example", "192.0.2.7", "2001:db8::7"};
    options.now = now;
    const auto made = initialise(std::filesystem::path(m_folder->path().toStdString()) / "gate", options);
    QVERIFY(made);
    m_tls.folder = made->serverCertificate.parent_path();
}

void CertificateRenewalTest::a_new_one_verifies_for_the_same_names_alone()
{
    const WallTime later = now + 300 * day;
    const auto renewed = renewServerCertificate(m_tls.ca(), m_tls.pair().certificate, later);
    QVERIFY(renewed);
    for (const char* host : {"localhost", "plant3.example", "gate.example", "192.0.2.7", "2001:db8::7", "127.0.0.1"})
        QCOMPARE(verify(m_tls.ca().certificate, renewed->certificate, host, later + 364 * day), X509_V_OK);
    QCOMPARE(verify(m_tls.ca().certificate, renewed->certificate, "other.example", later),
             X509_V_ERR_HOSTNAME_MISMATCH);
    QCOMPARE(verify(m_tls.ca().certificate, renewed->certificate, "localhost", later + 366 * day),
             X509_V_ERR_CERT_HAS_EXPIRED);
    QVERIFY(fit(*renewed));
    QVERIFY(renewed->key != m_tls.pair().key);
}

void CertificateRenewalTest::a_new_one_never_outlives_its_ca()
{
    const auto ca = certificateFacts(m_tls.ca().certificate).value();
    const auto renewed = renewServerCertificate(m_tls.ca(), m_tls.pair().certificate, ca.notAfter - 10 * day);
    QVERIFY(renewed);
    QCOMPARE(certificateFacts(renewed->certificate).value().notAfter, ca.notAfter);
    QVERIFY(!renewServerCertificate(m_tls.ca(), m_tls.pair().certificate, ca.notAfter + 1s));
}

void CertificateRenewalTest::names_that_the_ca_may_not_vouch_for_are_refused()
{
    const auto stranger = makeServerCertificate(m_tls.ca(), "bank.example", {{"bank.example"}, {}}, now);
    QVERIFY(stranger);
    const auto renewed = renewServerCertificate(m_tls.ca(), stranger->certificate, now);
    QVERIFY(!renewed);
    QVERIFY2(renewed.error().find("permitted subtree violation") != std::string::npos, renewed.error().c_str());
}

void CertificateRenewalTest::a_certificate_without_names_is_refused()
{
    const auto renewed = renewServerCertificate(m_tls.ca(), m_tls.ca().certificate, now); // a CA's has none
    QVERIFY(!renewed);
    QVERIFY(renewed.error().find("alternative names") != std::string::npos);
}

void CertificateRenewalTest::a_plan_needs_the_ca_that_signed_it()
{
    QVERIFY(plan(now).obstacle.empty());
    m_tls.writePair(TlsFolder::foreign(now));
    QVERIFY(plan(now).obstacle.starts_with("it is not of a local CA"));
    QVERIFY(!plan(now).broken && !plan(now).caExpires);
    // The same name and no more: the signature tells.
    const auto namesake = makeLocalCa("plant3.example", TlsFolder::localhost(), now);
    m_tls.writePair(valueOf(makeServerCertificate(*namesake, "localhost", TlsFolder::localhost(), now)));
    QVERIFY(plan(now).obstacle.starts_with("it is not of a local CA"));
    // Names and key ids may be copied; the signature cannot.
    const auto forged = withOtherSignature(m_tls.made(now).certificate);
    writeOver(m_tls.certificate(), m_tls.made(now).certificate);
    QVERIFY(plan(now).obstacle.empty());
    writeOver(m_tls.certificate(), forged);
    QVERIFY(plan(now).obstacle.starts_with("it is not of a local CA"));
    // A certificate that is no CA's vouches for nothing, itself included.
    writeOver(m_tls.caCertificate(), m_tls.pair().certificate);
    QVERIFY(plan(now).obstacle.starts_with("it is not of a local CA"));
    std::filesystem::remove(m_tls.caCertificate());
    QVERIFY(plan(now).obstacle.starts_with("it is not of a local CA"));
}

void CertificateRenewalTest::a_plan_needs_the_key_of_that_ca()
{
    const std::string key = contentsOf(m_tls.caKey());
    writeOver(m_tls.caKey(), m_tls.pair().key);
    QVERIFY(plan(now).obstacle.find("is not the key of the CA") != std::string::npos);
    QVERIFY(plan(now).broken);
    writeOver(m_tls.caKey(), key);
    setMode(m_tls.caKey(), 0604);
    QVERIFY(plan(now).broken && plan(now).obstacle.find("mode 0604") != std::string::npos);
    std::filesystem::remove(m_tls.caKey());
    QVERIFY(!plan(now).broken); // kept elsewhere, as it may be
    QVERIFY(plan(now).obstacle.find("is not there") != std::string::npos);
    QVERIFY(plan(now).caExpires);
}

void CertificateRenewalTest::a_plan_knows_when_it_is_due()
{
    const auto facts = certificateFacts(m_tls.pair().certificate).value();
    QCOMPARE(plan(now).due, facts.notBefore + (facts.notAfter - facts.notBefore) * 2 / 3);
    QVERIFY(plan(now).gains);
    QCOMPARE(plan(*plan(now).caExpires).obstacle, std::string("its CA has ended"));
}

void CertificateRenewalTest::a_crash_at_any_step_leaves_a_pair_that_fits_data()
{
    QTest::addColumn<bool>("certificateReady");
    QTest::addColumn<bool>("keyReady");
    QTest::addColumn<bool>("keyMoved");
    QTest::addColumn<bool>("renewed");
    QTest::newRow("before the key is ready") << true << false << false << false;
    QTest::newRow("before the key moves") << true << true << false << false;
    QTest::newRow("between the two moves") << true << false << true << true;
}

void CertificateRenewalTest::a_crash_at_any_step_leaves_a_pair_that_fits()
{
    QFETCH(bool, certificateReady);
    QFETCH(bool, keyReady);
    QFETCH(bool, keyMoved);
    QFETCH(bool, renewed);
    const auto next = renewServerCertificate(m_tls.ca(), m_tls.pair().certificate, now);
    QVERIFY(next);
    const auto ready = [&](const std::filesystem::path& file) { return file.string() + ".gatehouse-new"; };
    if (certificateReady)
        writeOver(ready(m_tls.certificate()), next->certificate);
    if (keyReady)
        writeOver(ready(m_tls.key()), next->key);
    if (keyMoved)
        writeOver(m_tls.key(), next->key);
    QCOMPARE(fit(m_tls.pair()), !keyMoved);
    finishRenewal(m_tls.certificate(), m_tls.key());
    QVERIFY(fit(m_tls.pair()));
    QCOMPARE(m_tls.pair().certificate == next->certificate, renewed);
    QVERIFY(!std::filesystem::exists(ready(m_tls.certificate())) && !std::filesystem::exists(ready(m_tls.key())));
}

void CertificateRenewalTest::a_file_with_both_is_left_alone()
{
    const std::string both = m_tls.pair().certificate + m_tls.pair().key;
    writeOver(m_tls.key(), both);
    const auto done = renewFiles(m_tls.key(), m_tls.key(), m_tls.ca(), now);
    QVERIFY(!done);
    QCOMPARE(contentsOf(m_tls.key()), both);
}

void CertificateRenewalTest::a_folder_that_another_process_changes_is_left_alone()
{
    const int other = open(m_tls.folder.c_str(), O_RDONLY | O_DIRECTORY);
    QVERIFY(flock(other, LOCK_EX | LOCK_NB) == 0);
    const CertificateAndKey before = m_tls.pair();
    QVERIFY(!renewFiles(m_tls.certificate(), m_tls.key(), m_tls.ca(), now));
    const auto ready = m_tls.key().string() + ".gatehouse-new";
    writeOver(ready, "of the other process");
    finishRenewal(m_tls.certificate(), m_tls.key());
    QVERIFY(std::filesystem::exists(ready));
    QCOMPARE(m_tls.pair().certificate, before.certificate);
    QCOMPARE(m_tls.pair().key, before.key);
    close(other);
    QVERIFY(renewFiles(m_tls.certificate(), m_tls.key(), m_tls.ca(), now));
    QVERIFY(!std::filesystem::exists(ready) && fit(m_tls.pair()));
}

void CertificateRenewalTest::a_key_with_a_passphrase_is_a_problem_and_no_question()
{
    QCOMPARE(keyProblem(m_tls.pair().key), std::string());
    const Handle<EVP_PKEY, EVP_PKEY_free> key(EVP_EC_gen("P-256"));
    const Handle<BIO, BIO_free_all> out(BIO_new(BIO_s_mem()));
    QVERIFY(PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_256_cbc(), "secret", 6, nullptr, nullptr) == 1);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out.get(), &bytes);
    QCOMPARE(keyProblem(std::string(bytes, static_cast<std::size_t>(size))),
             std::string("the private key is encrypted"));
    QVERIFY(!keyProblem(m_tls.pair().certificate).empty());
}

void CertificateRenewalTest::facts_of_what_is_no_certificate_are_an_error()
{
    QVERIFY(!certificateFacts(""));
    QVERIFY(!certificateFacts("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
    QVERIFY(!certificateFacts(m_tls.pair().key));
}

QTEST_GUILESS_MAIN(CertificateRenewalTest)
#include "certificaterenewaltest.moc"
