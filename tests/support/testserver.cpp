// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"

#include "auth/base64url.h"
#include "auth/hmac.h"
#include "auth/token.h"
#include "policy/load.h"
#include "setup/initialise.h"

#include <QTest>

#include <algorithm>
#include <fstream>
#include <future>
#include <stdexcept>

namespace gatehouse::test {

namespace {

nlohmann::json readDocument(const std::filesystem::path& file)
{
    std::ifstream stream(file);
    return nlohmann::json::parse(stream);
}

void prepare(nlohmann::json& policy)
{
    policy["workers"] = 2;
    policy["listeners"][0]["address"] = "127.0.0.1";
    policy["listeners"][0]["port"] = 0;
    policy["listeners"].push_back({{"name", "lab"}, {"address", "127.0.0.1"}, {"port", 0}, {"tls", "off"}});
    policy["limits"] = {{"sessions_per_ip", "off"}, {"sessions_per_user", "off"},    {"pending_per_ip", "off"},
                        {"connects_per_ip", "off"}, {"auth_failures_per_ip", "off"}, {"messages_per_user", "off"}};
    policy["routes"].erase(1); // Centrifugo's: tests that need it say how it is
    policy["channels"][1] = {{"match", "chat.*"}, {"subscribe", {"*"}}, {"publish", {"*"}}};
    policy["routes"][0]["messages"]["rate"] = "off";
    policy["routes"][0]["messages"]["types"] = {"text", "binary"};
    policy["routes"].push_back({{"name", "echo"},
                                {"path", "/echo"},
                                {"hub", {{"protocol", "echo"}}},
                                {"authentication", {{"required", false}}},
                                {"messages", {{"rate", "off"}, {"types", {"text", "binary"}}}}});
}

} // namespace

bool eventually(const std::function<bool()>& condition)
{
    const auto deadline = std::chrono::steady_clock::now() + ceiling;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= deadline)
            return false;
        QTest::qWait(5);
    }
    return true;
}

TestServer::TestServer(const Edit& edit, const Clock* clock)
    : m_clock(clock ? *clock : m_systemClock)
{
    InitOptions options;
    options.hostName = "localhost";
    options.now = m_clock.wall();
    if (const auto made = initialise(m_folder.filePath(QStringLiteral("gate")).toStdString(), options); !made)
        throw std::runtime_error(made.error());
    m_document = readDocument(policyFile());
    prepare(m_document);
    this->edit(edit);
    start();
}

TestServer::~TestServer() = default;

std::filesystem::path TestServer::policyFile() const
{
    return std::filesystem::path(m_folder.path().toStdString()) / "gate" / "gatehouse.json";
}

void TestServer::edit(const Edit& edit)
{
    if (edit)
        edit(m_document);
    std::ofstream(policyFile()) << m_document.dump(2);
}

void TestServer::start()
{
    auto loaded = loadPolicy(policyFile());
    if (!loaded) {
        std::string all;
        for (const PolicyError& error : loaded.error())
            all += formatPolicyError(error, policyFile()) + '\n';
        throw std::runtime_error(all);
    }
    m_policy = std::make_shared<const Policy>(std::move(loaded->policy));
    auto runtime = ServerRuntime::start(m_policy, m_clock);
    if (!runtime)
        throw std::runtime_error(runtime.error());
    m_runtime = std::move(*runtime);
}

void TestServer::stop()
{
    m_runtime.reset();
}

std::uint16_t TestServer::port(std::string_view listener) const
{
    for (const ListenerInfo& info : m_runtime->listeners())
        if (info.name == listener)
            return static_cast<std::uint16_t>(std::stoi(info.url.substr(info.url.rfind(':') + 1)));
    throw std::runtime_error("no such listener");
}

ByteClient TestServer::plain(const ByteClient::Options& options) const
{
    return {port("lab"), ByteClient::Security::Plain, options};
}

ByteClient TestServer::tls(const ByteClient::Options& options) const
{
    return {port("public"), ByteClient::Security::Tls, options};
}

ByteClient TestServer::join(const std::string& channel, const std::string& user,
                            const ByteClient::Options& options) const
{
    ByteClient client = plain(options);
    UpgradeOptions upgrade;
    upgrade.path = "/hub/" + channel;
    upgrade.token = token(user);
    if (const HttpAnswer answer = client.upgrade(upgrade); answer.status != 101)
        throw std::runtime_error("not let in: " + answer.text);
    return client;
}

std::string TestServer::token(const std::string& user, const std::vector<std::string>& roles,
                              std::chrono::seconds ttl) const
{
    auto token = mintToken(*m_policy, {user, roles, ttl, {}}, m_clock.wall());
    if (!token)
        throw std::runtime_error(token.error());
    return *token;
}

std::string TestServer::signedToken(const std::string& header, const std::string& payload,
                                    const std::optional<std::string>& secret) const
{
    const std::string text = base64urlEncoded(header) + '.' + base64urlEncoded(payload);
    return text + '.' + base64urlEncoded(hmacSha256(secret.value_or(m_policy->issuers[0].secret), text).value());
}

nlohmann::json TestServer::claims(const std::string& user) const
{
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(m_clock.wall().time_since_epoch()).count();
    return {{"iss", "gatehouse"}, {"aud", "gatehouse"}, {"sub", user}, {"iat", now}, {"exp", now + 600}};
}

Reply TestServer::call(Command command) const
{
    auto promise = std::make_shared<std::promise<Reply>>();
    auto answer = promise->get_future();
    m_runtime->call({"tester", "test"}, std::move(command),
                    [promise](Reply reply) { promise->set_value(std::move(reply)); });
    if (answer.wait_for(ceiling) != std::future_status::ready)
        throw std::runtime_error("a command was not answered");
    return answer.get();
}

Info TestServer::info() const
{
    return std::get<Info>(call(InfoQuery{}).value());
}

std::vector<SessionRow> TestServer::sessions() const
{
    return std::get<SessionList>(call(SessionsQuery{}).value()).sessions;
}

std::uint64_t TestServer::refused(Reason reason) const
{
    const Info now = info();
    const auto found = std::ranges::find(now.stats.refused, reason, &std::pair<Reason, std::uint64_t>::first);
    return found == now.stats.refused.end() ? 0 : found->second;
}

std::vector<AuditRecord> TestServer::audit(AuditQuery query) const
{
    const Reply reply = call(std::move(query));
    std::vector<AuditRecord> records;
    for (const AuditEntry& entry : std::get<AuditPage>(reply.value()).entries)
        records.push_back(entry.record);
    return records;
}

std::vector<AuditRecord> TestServer::audit(AuditKind kind, Reason reason) const
{
    AuditQuery query;
    query.kind = kind;
    query.reason = reason;
    return audit(std::move(query));
}

} // namespace gatehouse::test
