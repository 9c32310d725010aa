// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange.h"

#include <QTest>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace gatehouse::test {

namespace {

constexpr std::size_t shownBytes = 40;

} // namespace

nlohmann::json committedPolicy()
{
    std::ifstream file(CONFORMANCE_POLICY);
    nlohmann::json policy = nlohmann::json::parse(file);
    for (auto& listener : policy["listeners"])
        listener["port"] = 0;
    return policy;
}

raw::Frame refused(unsigned code, std::string_view word)
{
    return {raw::close, raw::closing(code, word)};
}

std::string described(const raw::Frame& frame)
{
    const auto name = [&]() -> std::string {
        switch (frame.first) {
        case raw::text:
            return "text";
        case raw::binary:
            return "binary";
        case raw::close:
            return "Close";
        case raw::ping:
            return "ping";
        case raw::pong:
            return "pong";
        default:
            return "first byte " + std::to_string(frame.first);
        }
    };
    const QByteArray shown = QByteArray::fromStdString(frame.payload.substr(0, shownBytes)).toPercentEncoding(" ");
    return name() + " of " + std::to_string(frame.payload.size()) + " bytes: " + shown.toStdString();
}

std::string heard(raw::Reader& reader, const std::vector<raw::Frame>& answers)
{
    for (const raw::Frame& expected : answers) {
        const auto got = reader.next();
        if (!reader.fault().empty())
            return reader.fault();
        if (!got)
            return "the end, instead of " + described(expected);
        if (*got != expected)
            return described(*got) + ", instead of " + described(expected);
    }
    return {};
}

std::string ended(ByteClient& client, raw::Reader& reader)
{
    if (const auto more = reader.next())
        return "after the Close: " + described(*more);
    if (reader.left() > 0 || !reader.fault().empty())
        return "after the Close: more bytes";
    if (!client.ends(std::chrono::milliseconds(0)))
        return "the server did not end the connection";
    if (client.wasReset())
        return "the connection was reset";
    return client.secure() && !client.closeNotify() ? "TLS ended without close_notify" : std::string();
}

void ConformanceTest::initTestCase_data()
{
    QTest::addColumn<bool>("tls");
    QTest::newRow("ws") << false;
    QTest::newRow("wss") << true;
}

void ConformanceTest::initTestCase()
{
    m_server = std::make_unique<TestServer>([](nlohmann::json& policy) { policy = committedPolicy(); });
}

void ConformanceTest::cleanupTestCase()
{
    m_server.reset();
}

bool ConformanceTest::overTls()
{
    QFETCH_GLOBAL(bool, tls);
    return tls;
}

ByteClient ConformanceTest::connected(const std::string& path, const ByteClient::Options& options) const
{
    ByteClient client = overTls() ? m_server->tls(options) : m_server->plain(options);
    UpgradeOptions upgrade;
    upgrade.path = path;
    if (const HttpAnswer answer = client.upgrade(upgrade); answer.status != 101)
        throw std::runtime_error("not let in: " + answer.text);
    return client;
}

std::string ConformanceTest::played(const Exchange& exchange) const
{
    ByteClient client = connected();
    raw::Reader reader(client);
    for (const std::string& bytes : exchange.writes)
        if (!client.send(bytes))
            return "the server took no more bytes";
    if (std::string difference = heard(reader, exchange.answers); !difference.empty())
        return difference;
    if (std::ranges::find(exchange.answers, raw::close, &raw::Frame::first) == exchange.answers.end()) {
        if (!client.send(raw::masked(raw::close, raw::closing(1000))))
            return "the server took no Close";
        if (std::string difference = heard(reader, {{raw::close, raw::closing(1000)}}); !difference.empty())
            return difference;
    }
    return ended(client, reader);
}

} // namespace gatehouse::test
