// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocolclient.h"

#include <QTest>

#include <random>

using namespace gatehouse;
using namespace gatehouse::test;

/// Clients of both protocols, a backend and an operator who do anything at any time: whatever comes of it is well
/// formed, and when all are gone nothing is left of them.
class CentrifugeRandomTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatever_they_do_nothing_is_left_of_them_data();
    void whatever_they_do_nothing_is_left_of_them();
};

namespace {

class Crowd {
public:
    Crowd(const TestServer& server, unsigned seed)
        : m_server(server)
        , m_random(seed)
    {
    }

    void step()
    {
        switch (upTo(9)) {
        case 0:
            m_clients.clear(); // all at once, in the middle of whatever it was
            break;
        case 1:
            m_plain.push_back(m_server.join(channel(), user()));
            if (m_plain.size() > 4)
                m_plain.erase(m_plain.begin());
            break;
        case 2:
            if (!m_plain.empty())
                (void)m_plain.back().text(flag() ? R"({"n":1})" : "no JSON");
            break;
        case 3:
            backend();
            break;
        case 4:
            come();
            break;
        default:
            if (m_clients.empty())
                come();
            talk(m_clients[upTo(m_clients.size() - 1)]);
        }
    }

    void leave()
    {
        m_clients.clear();
        m_plain.clear();
    }

private:
    std::size_t upTo(std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most)(m_random); }
    bool flag() { return upTo(1) == 1; }
    std::string channel()
    {
        static const std::vector<std::string> some{"news.a", "news.b", "plain.a", "plain.b"};
        return some[upTo(some.size() - 1)];
    }
    std::string strangeChannel()
    {
        static const std::vector<std::string> some{"locked.a", "nowhere", "news.*", "", "user.ann"};
        return flag() ? channel() : some[upTo(some.size() - 1)];
    }
    std::string user() { return flag() ? "ann" : "bob"; }

    void come()
    {
        m_clients.push_back(ProtocolClient(m_server, m_server.token(user())));
        if (upTo(9) > 0)
            m_clients.back().send(R"({"id":1,"connect":{}})");
        if (m_clients.size() > 8)
            m_clients.erase(m_clients.begin());
    }

    void talk(ProtocolClient& client)
    {
        std::string text;
        for (std::size_t i = upTo(6) + 1; i > 0; --i)
            text += command().dump() + "\n";
        if (upTo(30) == 0)
            text += "{\"id\":"; // and no more
        client.send(text);
        if (flag())
            while (!client.push(0ms).is_null()) {
            }
    }

    Json command()
    {
        const std::uint32_t id = upTo(20) == 0 ? 0 : ++m_id;
        Json made{{"id", id}};
        const std::string where = upTo(9) == 0 ? strangeChannel() : channel();
        switch (upTo(11)) {
        case 0:
        case 1:
            made["subscribe"] = {
                {"channel", where}, {"recover", flag()}, {"epoch", "x"}, {"offset", upTo(5)}, {"join_leave", flag()}};
            break;
        case 2:
            made["unsubscribe"] = {{"channel", where}};
            break;
        case 3:
        case 4:
            made["publish"] = {{"channel", where}, {"data", {{"n", m_id}}}};
            break;
        case 5:
            made["presence"] = {{"channel", where}};
            break;
        case 6:
            made["presence_stats"] = {{"channel", where}};
            break;
        case 7:
            made["history"] = {{"channel", where}, {"limit", upTo(20)}, {"reverse", flag()}};
            break;
        case 8:
            made["rpc"] = {{"method", "x"}};
            break;
        case 9:
            made["sub_refresh"] = {{"channel", where}, {"token", "no token"}};
            break;
        case 10:
            made["ping"] = Json::object();
            break;
        default:
            if (upTo(10) == 0)
                made["connect"] = Json::object(); // a second one
            else
                made["send"] = {{"data", 1}};
        }
        return made;
    }

    void backend()
    {
        const SessionSelector who{user(), {}, {}};
        std::vector<HubCommand> all{PublishCommand{strangeChannel(), {"{\"by\":\"the backend\"}", {}, {}, flag()}},
                                    SubscribeCommand{who, channel()},
                                    UnsubscribeCommand{who, channel()},
                                    HistoryRemoveCommand{channel()},
                                    ChannelHistoryQuery{channel(), -1},
                                    PresenceQuery{channel()},
                                    ChannelsQuery{},
                                    BroadcastCommand{{channel(), strangeChannel()}, {"1"}}};
        if (upTo(5) == 0)
            all.push_back(DisconnectCommand{who});
        std::shuffle(all.begin(), all.end(), m_random);
        const auto reply = m_server.call(BatchCommand{all});
        QVERIFY(reply.ok());
        QCOMPARE(std::get<BatchResult>(*reply).replies.size(), all.size());
    }

    const TestServer& m_server;
    std::mt19937 m_random;
    std::vector<ProtocolClient> m_clients;
    std::vector<ByteClient> m_plain;
    std::uint32_t m_id = 1;
};

} // namespace

void CentrifugeRandomTest::whatever_they_do_nothing_is_left_of_them_data()
{
    QTest::addColumn<unsigned>("seed");
    QTest::addColumn<unsigned>("workers");
    for (unsigned seed = 1; seed <= 6; ++seed)
        QTest::addRow("seed %u", seed) << seed << 1 + seed % 3;
}

void CentrifugeRandomTest::whatever_they_do_nothing_is_left_of_them()
{
    QFETCH(unsigned, seed);
    QFETCH(unsigned, workers);
    const TestServer server(hubPolicy([&](Json& policy) { policy["workers"] = workers; }));
    Crowd crowd(server, seed);
    for (int i = 0; i < 1500; ++i) {
        crowd.step();
        if (QTest::currentTestFailed())
            return;
    }
    crowd.leave();
    QVERIFY(eventually([&] { return server.sessions().empty(); }));
    QVERIFY(eventually([&] {
        return std::get<ChannelList>(server.call(ChannelsQuery{}).value()).channels.empty() &&
               std::get<Info>(server.call(InfoQuery{}).value()).hub.presenceBytes == 0;
    }));
    QCOMPARE(server.refused(Reason::Internal), 0u);
    ProtocolClient after = connected(server, "ann"); // and the gate is there as before
    QVERIFY(after.ask({{"subscribe", {{"channel", "news.a"}}}})["subscribe"].is_object());
}

QTEST_GUILESS_MAIN(CentrifugeRandomTest)
#include "centrifugerandomtest.moc"
