// SPDX-License-Identifier: GPL-3.0-or-later
#include "workerbed.h"

#include <stdexcept>

namespace gatehouse::test {

namespace {

struct CountedPartner final : SessionPartner {
    explicit CountedPartner(std::atomic<int>& counts)
        : count(counts)
    {
        ++count;
    }
    ~CountedPartner() override { --count; }
    std::atomic<int>& count;
};

std::string textOf(std::span<const std::byte> bytes)
{
    return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

Policy policyOf(const WorkerBed::Edit& edit)
{
    Policy policy;
    Listener listener;
    listener.name = "lab";
    listener.address = IpAddress::parse("127.0.0.1").value();
    policy.listeners.push_back(listener);
    policy.limits.connectsPerIp.reset();
    Route route;
    route.name = "app";
    route.path = "/app";
    route.kind = RouteKind::Gateway;
    route.gateway = Gateway{};
    route.authentication.required = false;
    route.subprotocols.allow = {"chat", "soap"};
    route.messages.rate.reset();
    policy.routes.push_back(route);
    if (edit)
        edit(policy);
    return policy;
}

} // namespace

std::unique_ptr<SessionPartner> ScriptedRoute::enter(Entrant entrant, std::function<void(EntryAnswer)> answered)
{
    if (m_script.throws)
        throw std::bad_alloc();
    if (m_script.nobody)
        return nullptr;
    auto partner = std::make_unique<CountedPartner>(m_script.partners);
    if (m_script.atOnce)
        answered({});
    questions.push_back({std::move(entrant), std::move(answered)});
    ++m_script.asked;
    return partner;
}

Decision ScriptedRoute::message(Session&, wire::Opcode, std::span<const std::byte> payload)
{
    const std::lock_guard lock(m_script.mutex);
    m_script.seen.messages.push_back(textOf(payload));
    return Decision::allow();
}

void ScriptedRoute::part(Session&, const wire::Event& part)
{
    const std::lock_guard lock(m_script.mutex);
    Seen& seen = m_script.seen;
    ++seen.parts;
    if (part.first)
        seen.open.clear();
    seen.open += textOf(part.payload);
    if (part.last)
        seen.messages.push_back(seen.open);
}

void ScriptedRoute::roomAgain(Session&)
{
    const std::lock_guard lock(m_script.mutex);
    ++m_script.seen.roomAgain;
}

void ScriptedRoute::withheld(Session&, bool on)
{
    const std::lock_guard lock(m_script.mutex);
    m_script.seen.withheld.push_back(on);
}

void ScriptedRoute::closed(Session& session)
{
    sessions.erase(session.id());
    const std::lock_guard lock(m_script.mutex);
    m_script.seen.closed.push_back(session.ending());
}

void WorkerBed::Sink::record(AuditRecord record) noexcept
{
    const std::lock_guard lock(mutex);
    all.push_back(std::move(record));
}

WorkerBed::WorkerBed(const Edit& edit)
{
    m_environment = std::make_unique<GateEnvironment>(GateEnvironment{clock, m_sink, m_sink, *tables});
    const auto first = generation(edit);
    worker = std::make_unique<Worker>(*m_environment, 0, 1, first, std::make_shared<const BanSet>());
    auto sockets = openListener(first->policy->listeners[0], 1);
    if (!sockets)
        throw std::runtime_error(sockets.error());
    m_port = sockets->port;
    worker->addListener(std::move(sockets->sockets[0]), 0);
    worker->setPeers({worker.get()});
    worker->start([this](WorkerBus&, WorkerContext& context) {
        std::vector<std::unique_ptr<RouteHandler>> handlers;
        auto route = std::make_unique<ScriptedRoute>(script, context);
        m_route = route.get();
        handlers.resize(static_cast<std::size_t>(RouteKind::Gateway)); // nobody answers routes of other kinds
        handlers.push_back(std::move(route));
        return handlers;
    });
}

WorkerBed::~WorkerBed()
{
    worker->stop();
}

UpgradeOptions WorkerBed::appOptions()
{
    UpgradeOptions options;
    options.path = "/app";
    return options;
}

ByteClient WorkerBed::asking(const UpgradeOptions& options)
{
    const std::size_t before = script.asked;
    ByteClient client(m_port, ByteClient::Security::Plain);
    client.send(upgradeText(options));
    if (!eventually([&] { return script.asked == before + 1; }))
        throw std::runtime_error("nobody was asked");
    return client;
}

ByteClient WorkerBed::entered()
{
    ByteClient client = asking();
    answer({});
    if (client.request({}).status != 101)
        throw std::runtime_error("not let in");
    return client;
}

void WorkerBed::run(const std::function<void(Worker&, ScriptedRoute&)>& task)
{
    std::promise<void> done;
    worker->post([&](Worker& on) {
        task(on, *m_route);
        done.set_value();
    });
    done.get_future().wait();
}

void WorkerBed::answer(EntryAnswer answer)
{
    run([&](Worker&, ScriptedRoute& route) { route.questions.back().answered(std::move(answer)); });
}

void WorkerBed::withSession(const std::function<void(Session&)>& task)
{
    run([&](Worker&, ScriptedRoute& route) { task(*route.sessions.rbegin()->second); });
}

/// A task runs at the beginning of a turn: behind the third, a whole one lay between.
void WorkerBed::settle()
{
    for (int i = 0; i < 3; ++i)
        run([](Worker&, ScriptedRoute&) {});
}

Seen WorkerBed::seen() const
{
    const std::lock_guard lock(script.mutex);
    return script.seen;
}

std::vector<AuditRecord> WorkerBed::records(AuditKind kind) const
{
    const std::lock_guard lock(m_sink.mutex);
    std::vector<AuditRecord> found;
    std::ranges::copy_if(m_sink.all, std::back_inserter(found),
                         [kind](const AuditRecord& record) { return record.kind == kind; });
    return found;
}

std::uint64_t WorkerBed::refused(Reason reason) const
{
    return worker->figures().refused[static_cast<std::size_t>(reason)].value();
}

std::shared_ptr<const PolicyGeneration> WorkerBed::generation(const Edit& edit) const
{
    auto made = std::make_shared<PolicyGeneration>();
    made->policy = std::make_shared<const Policy>(policyOf(edit));
    made->tls.resize(made->policy->listeners.size());
    made->keys = IssuerKeys::make(*made->policy, {}).value();
    return made;
}

void WorkerBed::apply(const Edit& edit)
{
    const auto next = generation(edit);
    run([&](Worker& on, ScriptedRoute&) {
        ListenerMoves moves;
        moves.sockets = moves.arrivals = {std::size_t{0}};
        on.applyPolicy(next, moves, [](PolicyMet) {});
    });
}

bool WorkerBed::empty() const
{
    const WorkerCounters& figures = worker->figures();
    return script.partners == 0 && figures.sessions.value() == 0 && figures.pending.value() == 0 &&
           figures.backlog.value() == 0 && tables->sessions.used() == 0 && tables->pending.used() == 0;
}

} // namespace gatehouse::test
