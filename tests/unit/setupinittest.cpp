// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/load.h"
#include "setup/certificates.h"
#include "setup/initialise.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <QTemporaryDir>
#include <QTest>

#include <fstream>
#include <memory>
#include <sys/stat.h>

using namespace gatehouse;

namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate certificateOf(const std::string& pem)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                        BIO_free);
    return {PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free};
}

std::string contents(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// X509_V_OK, or why `server` is not to be trusted for `host` by somebody who trusts `ca`, by the strict rules of RFC
/// 5280.
int verify(const std::string& ca, const std::string& server, const char* host)
{
    const Certificate root = certificateOf(ca);
    const Certificate leaf = certificateOf(server);
    const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(), X509_STORE_free);
    const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(X509_STORE_CTX_new(),
                                                                                  X509_STORE_CTX_free);
    X509_STORE_add_cert(store.get(), root.get());
    X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
    X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host) != 1)
        X509_VERIFY_PARAM_set1_host(parameters, host, 0);
    X509_verify_cert(context.get());
    return X509_STORE_CTX_get_error(context.get());
}

mode_t modeOf(const std::filesystem::path& path)
{
    struct stat status {};
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

} // namespace

class SetupInitTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void secrets_are_private_whatever_the_umask_is();
    void the_policy_loads();
    void the_certificate_verifies_for_its_names_alone();
    void the_certificates_have_their_form();
    void the_ca_cannot_speak_for_other_hosts();
    void nothing_is_overwritten_data();
    void nothing_is_overwritten();
    void two_folders_share_no_secret();
    void a_bad_name_is_refused();

private:
    std::filesystem::path folder() const { return std::filesystem::path(m_folder->path().toStdString()) / "deep/gate"; }
    std::unique_ptr<QTemporaryDir> m_folder;
    InitOptions m_options;
};

void SetupInitTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_options = {};
    m_options.hostName = "Plant3.example";
    m_options.names = {"gate.example", "192.0.2.7", "2001:db8::7"};
}

void SetupInitTest::secrets_are_private_whatever_the_umask_is()
{
    const mode_t before = umask(0);
    const auto made = initialise(folder(), m_options);
    umask(before);
    QVERIFY2(made.ok(), made ? "" : made.error().c_str());
    for (const auto& secret : {made->policy, made->caKey, made->serverKey, made->tokenKey})
        QCOMPARE(modeOf(secret), mode_t(0600));
    for (const auto& directory :
         {folder(), made->stateDir, made->runDir, made->caKey.parent_path(), made->tokenKey.parent_path()})
        QCOMPARE(modeOf(directory), mode_t(0700));
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder()))
        QVERIFY2(entry.path().string().find(".new") == std::string::npos, entry.path().c_str());
    QCOMPARE(contents(made->tokenKey).size(), std::size_t(44));
}

void SetupInitTest::the_policy_loads()
{
    const auto made = initialise(folder(), m_options);
    QVERIFY(made);
    const auto loaded = loadPolicy(made->policy);
    if (!loaded)
        QFAIL(formatPolicyError(loaded.error().front(), made->policy).c_str());
    QVERIFY(loaded->warnings.empty());
    QCOMPARE(loaded->policy.issuers.at(0).secret.size(), std::size_t(43));
    QCOMPARE(loaded->policy.listeners.at(0).tls->key, made->serverKey);
    QCOMPARE(loaded->policy.stateDir, made->stateDir);
}

void SetupInitTest::the_certificate_verifies_for_its_names_alone()
{
    const auto made = initialise(folder(), m_options);
    QVERIFY(made);
    const std::string ca = contents(made->caCertificate);
    const std::string server = contents(made->serverCertificate);
    QCOMPARE(server.find("BEGIN CERTIFICATE"), server.rfind("BEGIN CERTIFICATE")); // who trusts the CA has it
    for (const char* host :
         {"localhost", "127.0.0.1", "::1", "plant3.example", "gate.example", "192.0.2.7", "2001:db8::7"})
        QCOMPARE(verify(ca, server, host), X509_V_OK);
    for (const std::string& name : made->names)
        QCOMPARE(verify(ca, server, name.c_str()), X509_V_OK);
    QCOMPARE(verify(ca, server, "other.example"), X509_V_ERR_HOSTNAME_MISMATCH);
    QCOMPARE(verify(ca, server, "192.0.2.8"), X509_V_ERR_IP_ADDRESS_MISMATCH);
}

void SetupInitTest::the_certificates_have_their_form()
{
    const auto made = initialise(folder(), m_options);
    QVERIFY(made);
    const Certificate ca = certificateOf(contents(made->caCertificate));
    const Certificate server = certificateOf(contents(made->serverCertificate));
    QVERIFY(X509_check_ca(ca.get()) == 1 && X509_check_ca(server.get()) == 0);
    QCOMPARE(X509_get_pathlen(ca.get()), 0L);
    QCOMPARE(X509_get_key_usage(ca.get()), std::uint32_t(KU_KEY_CERT_SIGN));
    QCOMPARE(X509_get_extended_key_usage(server.get()), std::uint32_t(XKU_SSL_SERVER));
    QVERIFY(X509_get_ext_by_NID(ca.get(), NID_name_constraints, -1) >= 0);
    QVERIFY(ASN1_INTEGER_cmp(X509_get0_serialNumber(ca.get()), X509_get0_serialNumber(server.get())) != 0);
    int days = 0;
    int seconds = 0;
    QVERIFY(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(server.get()), X509_get0_notAfter(server.get())) == 1);
    QVERIFY(days >= 364 && days <= 398);
    QVERIFY(X509_cmp_current_time(X509_get0_notBefore(server.get())) < 0);
    std::array<char, 128> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(ca.get()), NID_commonName, name.data(), 128);
    QCOMPARE(std::string(name.data()), std::string("Gatehouse local CA of plant3.example"));
}

void SetupInitTest::the_ca_cannot_speak_for_other_hosts()
{
    const WallTime now = SystemClock().wall();
    const CertificateNames own{{"plant3.example"}, {*IpAddress::parse("192.0.2.7")}};
    const auto ca = makeLocalCa("plant3.example", own, now);
    QVERIFY(ca);
    const auto other = makeServerCertificate(*ca, "bank.example", {{"bank.example"}, {}}, now);
    QVERIFY(other);
    QCOMPARE(verify(ca->certificate, other->certificate, "bank.example"), X509_V_ERR_PERMITTED_VIOLATION);
    const auto address =
        makeServerCertificate(*ca, "plant3.example", {{"plant3.example"}, {*IpAddress::parse("192.0.2.8")}}, now);
    QVERIFY(address);
    QCOMPARE(verify(ca->certificate, address->certificate, "192.0.2.8"), X509_V_ERR_PERMITTED_VIOLATION);
    const auto good = makeServerCertificate(*ca, "plant3.example", own, now);
    QCOMPARE(verify(ca->certificate, good->certificate, "192.0.2.7"), X509_V_OK);
}

void SetupInitTest::nothing_is_overwritten_data()
{
    QTest::addColumn<QByteArray>("file");
    for (const char* file : {"gatehouse.json", "tls/ca.key", "tls/server.pem", "keys/token.key"})
        QTest::newRow(file) << QByteArray(file);
}

void SetupInitTest::nothing_is_overwritten()
{
    QFETCH(QByteArray, file);
    const auto there = folder() / file.toStdString();
    std::filesystem::create_directories(there.parent_path());
    std::ofstream(there) << "mine";
    const auto made = initialise(folder(), m_options);
    QVERIFY(!made);
    QVERIFY2(made.error().find(there.string()) != std::string::npos, made.error().c_str());
    QCOMPARE(contents(there), std::string("mine"));
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder()))
        files += entry.is_regular_file() ? 1U : 0U;
    QCOMPARE(files, std::size_t(1));
}

void SetupInitTest::two_folders_share_no_secret()
{
    const auto one = initialise(folder() / "1", m_options);
    const auto two = initialise(folder() / "2", m_options);
    QVERIFY(one && two);
    QVERIFY(contents(one->tokenKey) != contents(two->tokenKey));
    QVERIFY(contents(one->caKey) != contents(two->caKey));
    QVERIFY(verify(contents(one->caCertificate), contents(two->serverCertificate), "localhost") != X509_V_OK);
}

void SetupInitTest::a_bad_name_is_refused()
{
    m_options.names = {"good.example", "evil.example,DNS:bank.example"};
    QVERIFY(!initialise(folder(), m_options));
    QVERIFY(!std::filesystem::exists(folder()));
}

QTEST_GUILESS_MAIN(SetupInitTest)
#include "setupinittest.moc"
