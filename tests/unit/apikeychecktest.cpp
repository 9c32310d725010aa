// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/apikeycheck.h"

#include <QTest>
#include <openssl/evp.h>

#include <string>

using namespace gatehouse;

namespace {

ApiKey keyOf(const std::string& id, const std::string& secret)
{
    ApiKey key;
    key.id = key.name = id;
    unsigned size = 0;
    EVP_Digest(secret.data(), secret.size(), static_cast<unsigned char*>(static_cast<void*>(key.sha256.data())), &size,
               EVP_sha256(), nullptr);
    return key;
}

const std::vector<ApiKey> keys{keyOf("k", "one"), keyOf("k_2", "two"), keyOf("k_2_x", "three_y"), keyOf("dot.-", "")};

std::string owner(std::string_view shown)
{
    const auto found = findApiKey(keys, shown);
    return found ? (*found)->id : std::string();
}

} // namespace

class ApiKeyCheckTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_key_is_found_by_its_id_and_secret();
    void ids_that_begin_alike_are_told_apart();
    void nothing_else_is_a_key_data();
    void nothing_else_is_a_key();
    void a_refusal_says_no_secret();
};

void ApiKeyCheckTest::a_key_is_found_by_its_id_and_secret()
{
    QCOMPARE(owner("gh_k_one"), std::string("k"));
    QCOMPARE(owner("gh_k_two"), std::string());
}

void ApiKeyCheckTest::ids_that_begin_alike_are_told_apart()
{
    QCOMPARE(owner("gh_k_2_two"), std::string("k_2"));
    QCOMPARE(owner("gh_k_2_x_three_y"), std::string("k_2_x"));
    QCOMPARE(owner("gh_k_2_x_two"), std::string());
}

void ApiKeyCheckTest::nothing_else_is_a_key_data()
{
    QTest::addColumn<QByteArray>("shown");
    for (const QByteArray& shown :
         {QByteArray(), QByteArray("gh_"), QByteArray("gh_k"), QByteArray("gh_k_"), QByteArray("GH_k_one"),
          QByteArray("gh_k_one "), QByteArray(" gh_k_one"), QByteArray("gh_k_One"), QByteArray("gh__one"),
          QByteArray("k_one"), QByteArray("gh_k_one\0", 9), QByteArray("gh_dot.-_"), QByteArray("gh_k_on"),
          QByteArray("gh_k_") + QByteArray(300, 'a')})
        QTest::newRow(shown.left(40).constData()) << shown;
}

void ApiKeyCheckTest::nothing_else_is_a_key()
{
    QFETCH(QByteArray, shown);
    const auto found = findApiKey(keys, {shown.constData(), static_cast<std::size_t>(shown.size())});
    QVERIFY(!found);
    QCOMPARE(found.error().reason, Reason::ApiKey);
    QVERIFY(isWrongKey(found.error()));
    QVERIFY(!findApiKey({}, {shown.constData(), static_cast<std::size_t>(shown.size())}));
}

void ApiKeyCheckTest::a_refusal_says_no_secret()
{
    for (const char* shown : {"gh_k_CANARY", "gh_CANARY_x", "CANARY"}) {
        const auto found = findApiKey(keys, shown);
        QVERIFY(found.error().met.find("CANARY") == std::string::npos);
        QVERIFY(found.error().limit.find("CANARY") == std::string::npos);
    }
}

QTEST_GUILESS_MAIN(ApiKeyCheckTest)
#include "apikeychecktest.moc"
