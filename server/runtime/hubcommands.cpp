// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/serverruntime_p.h"

// What backends ask of channels and sessions.
namespace gatehouse {

template <class C>
void ServerRuntime::Private::runAtHub(const Actor& actor, const C& command, const ReplyCallback& done)
{
    m_hubCalls->run(actor, {HubCommand(command)}, m_policy->version, [done](std::vector<BatchReply> replies) {
        HubReply& reply = replies.front().reply;
        if (!reply)
            return done(Failure{reply.error()});
        std::visit([&](auto&& answer) { done(Answer(std::move(answer))); }, std::move(*reply));
    });
}

void ServerRuntime::Private::run(const Actor& actor, const PublishCommand& command, const ReplyCallback& done)
{
    runAtHub(actor, command, done);
}

void ServerRuntime::Private::run(const Actor& actor, const BroadcastCommand& command, const ReplyCallback& done)
{
    runAtHub(actor, command, done);
}

void ServerRuntime::Private::run(const Actor& actor, const PresenceQuery& query, const ReplyCallback& done)
{
    runAtHub(actor, query, done);
}

void ServerRuntime::Private::run(const Actor& actor, const PresenceStatsQuery& query, const ReplyCallback& done)
{
    runAtHub(actor, query, done);
}

void ServerRuntime::Private::run(const Actor& actor, const ChannelHistoryQuery& query, const ReplyCallback& done)
{
    runAtHub(actor, query, done);
}

void ServerRuntime::Private::run(const Actor& actor, const HistoryRemoveCommand& command, const ReplyCallback& done)
{
    runAtHub(actor, command, done);
}

void ServerRuntime::Private::run(const Actor& actor, const ChannelsQuery& query, const ReplyCallback& done)
{
    runAtHub(actor, query, done);
}

void ServerRuntime::Private::run(const Actor& actor, const SubscribeCommand& command, const ReplyCallback& done)
{
    runAtHub(actor, command, done);
}

void ServerRuntime::Private::run(const Actor& actor, const UnsubscribeCommand& command, const ReplyCallback& done)
{
    runAtHub(actor, command, done);
}

void ServerRuntime::Private::run(const Actor& actor, const DisconnectCommand& command, const ReplyCallback& done)
{
    runAtHub(actor, command, done);
}

void ServerRuntime::Private::run(const Actor& actor, const RefreshCommand& command, const ReplyCallback& done)
{
    runAtHub(actor, command, done);
}

void ServerRuntime::Private::run(const Actor& actor, const BatchCommand& command, const ReplyCallback& done)
{
    if (command.commands.empty())
        return done(Failure{ControlError{ControlErrorCode::BadRequest, "commands is empty"}});
    m_hubCalls->run(actor, command.commands, m_policy->version,
                    [done](std::vector<BatchReply> replies) { done(Answer(BatchResult{std::move(replies)})); });
}

} // namespace gatehouse
