// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/findtoken.h"

#include <QTest>

using namespace gatehouse;

namespace {

using Texts = std::vector<std::string>;

Policy policyWith(std::vector<TokenPlace> from)
{
    Policy policy;
    policy.routes.resize(1);
    Authentication& authentication = policy.routes[0].authentication;
    authentication.from = std::move(from);
    authentication.cookie = "session";
    authentication.query = "token";
    return policy;
}

Texts valuesOf(const Texts& headers)
{
    Texts values;
    for (const std::string_view value : cookieValues({headers.begin(), headers.end()}, "session"))
        values.emplace_back(value);
    return values;
}

ClientCertificate sampleCertificate()
{
    ClientCertificate certificate;
    certificate.commonNames = {"ann"};
    certificate.dnsNames = {"a.example", "b.example"};
    certificate.emails = {"ann@example.com"};
    certificate.serial = "0A1B";
    certificate.notBefore = WallTime(std::chrono::hours(1));
    certificate.notAfter = WallTime(std::chrono::hours(2));
    return certificate;
}

} // namespace

class AuthPlacesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void cookies_are_read_data();
    void cookies_are_read();
    void parameters_are_read_data();
    void parameters_are_read();
    void certificates_name_a_user();
    void a_certificate_without_one_plain_name_is_no_token();
    void only_named_places_are_looked_at();
    void tokens_in_two_named_places_are_ambiguous();
    void an_empty_cookie_or_parameter_is_none();
};

void AuthPlacesTest::cookies_are_read_data()
{
    QTest::addColumn<Texts>("headers");
    QTest::addColumn<Texts>("values");
    const auto row = [](const char* name, Texts headers, Texts values) {
        QTest::newRow(name) << std::move(headers) << std::move(values);
    };
    row("none", {}, {});
    row("one", {"session=abc"}, {"abc"});
    row("among others", {"a=1; session=abc; b=2"}, {"abc"});
    row("blanks", {" a=1 ;  session = abc\t"}, {"abc"});
    row("without blanks", {"a=1;session=abc;b=2"}, {"abc"});
    row("quoted", {"session=\"abc\""}, {"abc"});
    row("an equals sign in the value", {"session=abc=="}, {"abc=="});
    row("twice", {"session=abc; session=def"}, {"abc", "def"});
    row("in two headers", {"session=abc", "session=def"}, {"abc", "def"});
    row("empty", {"session="}, {""});
    row("another case", {"Session=abc; SESSION=def"}, {});
    row("look-alikes", {"xsession=a; session2=b; $session=c; =session; session"}, {});
    row("inside another value", {"a=session=abc"}, {});
    row("garbage", {";;; ; =;\";", "session"}, {});
}

void AuthPlacesTest::cookies_are_read()
{
    QFETCH(Texts, headers);
    QTEST(valuesOf(headers), "values");
}

void AuthPlacesTest::parameters_are_read_data()
{
    QTest::addColumn<std::string>("query");
    QTest::addColumn<Texts>("values");
    const auto row = [](const char* query, Texts values) {
        QTest::newRow(query) << std::string(query) << std::move(values);
    };
    row("", {});
    row("token=abc", {"abc"});
    row("a=1&token=abc&b=2", {"abc"});
    row("token=a%2Eb%2ec", {"a.b.c"});
    row("tok%65n=abc", {"abc"});
    row("token=a+b", {"a+b"});
    row("token=abc=", {"abc="});
    row("token=abc%", {"abc%"}); // and then it is no token of any form
    row("token=abc&token=def", {"abc", "def"});
    row("token", {});
    row("token=", {""});
    row("Token=abc&tokens=abc&atoken=abc", {});
    row("&&&=&", {});
    row("a=token=abc", {});
}

void AuthPlacesTest::parameters_are_read()
{
    QFETCH(std::string, query);
    QTEST(queryValues(query, "token"), "values");
}

void AuthPlacesTest::certificates_name_a_user()
{
    const auto who = certificateIdentity(sampleCertificate(), CertificateName::CommonName);
    QVERIFY(who.has_value());
    QCOMPARE(who->issuer, std::string(certificateIssuer));
    QCOMPARE(who->user, std::string("ann"));
    QVERIFY(who->roles.empty());
    QCOMPARE(who->tokenId, std::string("0A1B"));
    QVERIFY(who->issuedAt == WallTime(std::chrono::hours(1)));
    QVERIFY(who->expires == WallTime(std::chrono::hours(2)));
    QCOMPARE(certificateIdentity(sampleCertificate(), CertificateName::Email)->user, std::string("ann@example.com"));
}

void AuthPlacesTest::a_certificate_without_one_plain_name_is_no_token()
{
    QVERIFY(!certificateIdentity(sampleCertificate(), CertificateName::DnsName)); // two of them
    QVERIFY(!certificateIdentity({}, CertificateName::CommonName));
    for (const std::string& name :
         {std::string(), std::string(129, 'a'), std::string("a\nb"), std::string("a\0b", 3), std::string("\xff")}) {
        ClientCertificate certificate;
        certificate.commonNames = {name};
        QVERIFY(!certificateIdentity(certificate, CertificateName::CommonName));
        TokenFacts facts;
        facts.certificate = &certificate;
        QVERIFY(!findToken(policyWith({TokenPlace::Certificate}), 0, facts).value());
    }
    ClientCertificate longest;
    longest.commonNames = {std::string(128, 'a')};
    QVERIFY(certificateIdentity(longest, CertificateName::CommonName).has_value());
}

void AuthPlacesTest::only_named_places_are_looked_at() // row 33
{
    const ClientCertificate certificate = sampleCertificate();
    const TokenFacts facts{
        {"Bearer header"}, {"gatehouse", "bearer.name"}, {"session=cookie"}, "token=query", &certificate};
    const auto found = [&](TokenPlace place) { return findToken(policyWith({place}), 0, facts).value(); };
    const auto is = [](TokenPlace place, const char* text) { return std::optional(FoundToken{place, text}); };
    QCOMPARE(found(TokenPlace::Authorization), is(TokenPlace::Authorization, "header"));
    QCOMPARE(found(TokenPlace::Subprotocol), is(TokenPlace::Subprotocol, "name"));
    QCOMPARE(found(TokenPlace::Cookie), is(TokenPlace::Cookie, "cookie"));
    QCOMPARE(found(TokenPlace::Query), is(TokenPlace::Query, "query"));
    QCOMPARE(found(TokenPlace::Certificate), is(TokenPlace::Certificate, ""));
    QVERIFY(!found(TokenPlace::FirstMessage));
}

void AuthPlacesTest::tokens_in_two_named_places_are_ambiguous()
{
    const ClientCertificate certificate = sampleCertificate();
    const TokenFacts facts{
        {"Bearer header"}, {"gatehouse", "bearer.name"}, {"session=cookie"}, "token=query", &certificate};
    const std::vector places{TokenPlace::Authorization, TokenPlace::Subprotocol, TokenPlace::Cookie, TokenPlace::Query,
                             TokenPlace::Certificate};
    for (const TokenPlace one : places) {
        for (const TokenPlace other : places) {
            if (one == other)
                continue;
            const auto found = findToken(policyWith({one, other}), 0, facts);
            QVERIFY(!found);
            QCOMPARE(found.error().reason, Reason::AuthAmbiguous);
            QCOMPARE(found.error().rule.pointer, std::string("/routes/0/authentication/from"));
        }
    }
    const TokenFacts twice{{}, {}, {"session=a; session=a"}, "token=a&token=a", nullptr};
    for (const TokenPlace place : {TokenPlace::Cookie, TokenPlace::Query})
        QCOMPARE(findToken(policyWith({place}), 0, twice).error().reason, Reason::AuthAmbiguous);
}

void AuthPlacesTest::an_empty_cookie_or_parameter_is_none()
{
    const TokenFacts facts{{}, {}, {"session="}, "token=", nullptr};
    QVERIFY(!findToken(policyWith({TokenPlace::Cookie, TokenPlace::Query}), 0, facts).value());
}

QTEST_APPLESS_MAIN(AuthPlacesTest)
#include "authplacestest.moc"
