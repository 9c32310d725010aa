// SPDX-License-Identifier: GPL-3.0-or-later
#include "control/json.h"

#include "control/jsonreader.h"
#include "control/jsonwriter.h"

#include <array>

namespace gatehouse {

using nlohmann::json;

namespace {

constexpr std::uint32_t largestAuditPage = 1000;

// In the order of Command's alternatives.
constexpr std::array<std::string_view, std::variant_size_v<Command>> methods{"info",
                                                                             "sessions",
                                                                             "session",
                                                                             "kick",
                                                                             "ban",
                                                                             "unban",
                                                                             "bans",
                                                                             "audit",
                                                                             "auth_failures",
                                                                             "drain",
                                                                             "reload",
                                                                             "certificate_status",
                                                                             "certificate_renew",
                                                                             "revoke_token",
                                                                             "invalidate_user_tokens",
                                                                             "revocations",
                                                                             "unrevoke",
                                                                             "policy_get",
                                                                             "policy_check",
                                                                             "policy_what_if",
                                                                             "policy_apply",
                                                                             "policy_confirm",
                                                                             "policy_history",
                                                                             "policy_rollback",
                                                                             "lockdown",
                                                                             "limit",
                                                                             "limits",
                                                                             "unlimit",
                                                                             "quarantine",
                                                                             "upstreams",
                                                                             "upstream_drain",
                                                                             "publish",
                                                                             "broadcast",
                                                                             "presence",
                                                                             "presence_stats",
                                                                             "history",
                                                                             "history_remove",
                                                                             "channels",
                                                                             "subscribe",
                                                                             "unsubscribe",
                                                                             "disconnect",
                                                                             "refresh",
                                                                             "batch"};
/// The place of a command among Command's alternatives.
template <class C, std::size_t Index = 0> constexpr std::size_t indexOf()
{
    if constexpr (std::same_as<C, std::variant_alternative_t<Index, Command>>)
        return Index;
    else
        return indexOf<C, Index + 1>();
}

constexpr std::size_t mostCommands = 10'000; // of a batch

Failure<ControlError> badRequest(std::string message)
{
    return Failure{ControlError{ControlErrorCode::BadRequest, std::move(message)}};
}

Failure<ControlError> badAnswer(const std::string& message)
{
    return Failure{ControlError{ControlErrorCode::Internal, "the server's answer cannot be read: " + message}};
}

template <class C> Result<Command, ControlError> readCommand(const json& parameters, std::string_view source)
{
    C command;
    std::string error;
    JsonReader reader(parameters, source, {}, error);
    describe(reader, command);
    reader.refuseUnknown();
    if (!error.empty())
        return badRequest(std::move(error));
    if constexpr (std::same_as<C, AuditQuery>)
        if (command.limit < 1 || command.limit > largestAuditPage)
            return badRequest("limit must be 1 to " + std::to_string(largestAuditPage));
    return Command(std::move(command));
}

template <std::size_t Index = 0>
Result<Command, ControlError> readCommandAt(std::size_t wanted, const json& parameters, std::string_view source)
{
    if constexpr (Index < std::variant_size_v<Command>) {
        if (Index == wanted)
            return readCommand<std::variant_alternative_t<Index, Command>>(parameters, source);
        return readCommandAt<Index + 1>(wanted, parameters, source);
    } else {
        return badRequest("no such method");
    }
}

template <class T> Result<T, ControlError> readValue(const json& object, std::string_view source)
{
    T value;
    std::string error;
    JsonReader reader(object, source, "result", error);
    describe(reader, value);
    if (!error.empty())
        return badAnswer(error);
    return value;
}

template <class T> Reply readAnswer(const json& result, std::string_view source)
{
    auto value = readValue<T>(result, source);
    if (!value)
        return Failure{value.error()};
    return Answer(std::move(value).value());
}

using AnswerReader = Reply (*)(const json&, std::string_view);

// In the order of Command's alternatives.
constexpr std::array<AnswerReader, std::variant_size_v<Command>> answerReaders{readAnswer<Info>,
                                                                               readAnswer<SessionList>,
                                                                               readAnswer<SessionRow>,
                                                                               readAnswer<KickResult>,
                                                                               readAnswer<BanResult>,
                                                                               readAnswer<UnbanResult>,
                                                                               readAnswer<BanList>,
                                                                               readAnswer<AuditPage>,
                                                                               readAnswer<AuthFailureList>,
                                                                               readAnswer<Accepted>,
                                                                               readAnswer<Accepted>,
                                                                               readAnswer<CertificateList>,
                                                                               readAnswer<CertificateList>,
                                                                               readAnswer<RevocationResult>,
                                                                               readAnswer<RevocationResult>,
                                                                               readAnswer<RevocationList>,
                                                                               readAnswer<UnrevokeResult>,
                                                                               readAnswer<PolicyDocument>,
                                                                               readAnswer<PolicyCheckResult>,
                                                                               readAnswer<PolicyWhatIfResult>,
                                                                               readAnswer<PolicyApplied>,
                                                                               readAnswer<PolicyApplied>,
                                                                               readAnswer<PolicyHistory>,
                                                                               readAnswer<PolicyApplied>,
                                                                               readAnswer<LockdownResult>,
                                                                               readAnswer<LimitResult>,
                                                                               readAnswer<LimitList>,
                                                                               readAnswer<Accepted>,
                                                                               readAnswer<QuarantineResult>,
                                                                               readAnswer<UpstreamList>,
                                                                               readAnswer<UpstreamDrainResult>,
                                                                               readAnswer<PublishResult>,
                                                                               readAnswer<BroadcastResult>,
                                                                               readAnswer<ChannelPresence>,
                                                                               readAnswer<ChannelPresenceStats>,
                                                                               readAnswer<ChannelHistory>,
                                                                               readAnswer<HistoryRemoved>,
                                                                               readAnswer<ChannelList>,
                                                                               readAnswer<SessionsMet>,
                                                                               readAnswer<SessionsMet>,
                                                                               readAnswer<SessionsMet>,
                                                                               readAnswer<SessionsMet>,
                                                                               readAnswer<BatchResult>};

std::optional<std::size_t> methodIndex(std::string_view method)
{
    const auto found = std::find(methods.begin(), methods.end(), method);
    if (found == methods.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - methods.begin());
}

template <class Archive> void describeDetails(Archive& archive, typename Archive::template Ref<ControlError> error)
{
    archive("reason", error.reason);
    archive("difference", error.difference);
    archive("problems", error.problems);
}

Reply readError(const json& error)
{
    const auto code = error.find("code");
    const auto message = error.find("message");
    if (code == error.end() || message == error.end() || !code->is_number_unsigned() || !message->is_string())
        return badAnswer("an error without code and message");
    ControlError result{ControlErrorCode::Internal, message->get<std::string>()};
    for (const ControlErrorCode known :
         {ControlErrorCode::UnknownChannel, ControlErrorCode::PermissionDenied, ControlErrorCode::NotFound,
          ControlErrorCode::LimitExceeded, ControlErrorCode::BadRequest, ControlErrorCode::NotAvailable,
          ControlErrorCode::TooManyRequests, ControlErrorCode::Rejected, ControlErrorCode::Unavailable,
          ControlErrorCode::Conflict})
        if (code->get<std::uint64_t>() == static_cast<std::uint64_t>(known))
            result.code = known;
    std::string problem;
    JsonReader reader(error, {}, "error", problem);
    describeDetails(reader, result);
    if (!problem.empty())
        return badAnswer(problem);
    return Failure{std::move(result)};
}

void appendError(std::string& out, const ControlError& error)
{
    JsonWriter writer(out);
    writer("code", static_cast<std::uint16_t>(error.code));
    writer("message", error.message);
    if (error.reason != Reason::None)
        describeDetails(writer, error);
}

/// {"result":{…}}, under another key too, or {"error":{…}}.
template <class Value>
void appendReply(std::string& out, const Result<Value, ControlError>& reply, std::string_view key = "result")
{
    out += "{\"";
    out += reply ? key : "error";
    out += "\":";
    if (!reply)
        appendError(out, reply.error());
    else if constexpr (requires { std::variant_size<Value>::value; })
        std::visit([&](const auto& value) { JsonWriter::append(out, value); }, *reply);
    else
        JsonWriter::append(out, *reply);
    out += '}';
}

/// As in the list of a batch or a broadcast: what it answers, by the one key that is there.
Result<std::pair<std::string, Reply>, ControlError> readReply(const json& value, std::string_view source,
                                                              std::string_view method)
{
    if (!value.is_object() || value.size() != 1)
        return badAnswer("a reply that is not one thing");
    const std::string key = value.begin().key();
    if (key == "error" && value["error"].is_object())
        return std::pair(std::string(method), readError(value["error"]));
    const auto index = methodIndex(method.empty() ? std::string_view(key) : method);
    const auto parts = jsonMembers(source);
    if (!index)
        return badAnswer("a reply of no method");
    return std::pair(std::string(methods[*index]),
                     answerReaders.at(*index)(*value.begin(), parts.empty() ? std::string_view() : parts[0].value));
}

template <class Wanted, class All> std::optional<Wanted> narrowed(All all)
{
    return std::visit(
        []<class T>(T&& value) -> std::optional<Wanted> {
            if constexpr (std::is_constructible_v<Wanted, T>)
                return Wanted(std::forward<T>(value));
            else
                return std::nullopt;
        },
        std::move(all));
}

} // namespace

void JsonWriter::commands(std::string_view key, const std::vector<HubCommand>& commands)
{
    begin(key);
    m_out += '[';
    for (const HubCommand& command : commands) {
        if (&command != &commands.front())
            m_out += ',';
        JsonWriter writer(m_out);
        std::visit([&](const auto& one) { writer(commandMethod(command), one); }, command);
    }
    m_out += ']';
}

void JsonWriter::replies(std::string_view key, const std::vector<Result<PublishResult, ControlError>>& replies)
{
    begin(key);
    m_out += '[';
    for (const auto& reply : replies) {
        if (&reply != &replies.front())
            m_out += ',';
        appendReply(m_out, reply);
    }
    m_out += ']';
}

void JsonWriter::replies(std::string_view key, const std::vector<BatchReply>& replies)
{
    begin(key);
    m_out += '[';
    for (const BatchReply& reply : replies) {
        if (&reply != &replies.front())
            m_out += ',';
        appendReply(m_out, reply.reply, reply.method);
    }
    m_out += ']';
}

void JsonReader::commands(const char* key, std::vector<HubCommand>& commands)
{
    if (!has(key))
        return fail(below(key), "is missing");
    if (m_object.at(key).size() > mostCommands)
        return fail(below(key), "are more than " + std::to_string(mostCommands));
    commands.clear();
    forEach(key, [&](const Json& element, std::string_view text, const std::string& path) {
        if (!element.is_object() || element.size() != 1)
            return fail(path, "must be one command, like {\"publish\":{…}}");
        const std::string& method = element.begin().key();
        const auto index = methodIndex(method);
        const auto parts = jsonMembers(text);
        auto command =
            !index ? Result<Command, ControlError>(badRequest("is no method of a batch"))
                   : readCommandAt(*index, *element.begin(), parts.empty() ? std::string_view() : parts[0].value);
        if (!command)
            return fail(path + '.' + method + (index ? "." : ""), command.error().message);
        auto ofHub = narrowed<HubCommand>(std::move(*command));
        if (!ofHub)
            return fail(path + '.' + method, "is no method of a batch");
        commands.push_back(std::move(*ofHub));
    });
}

void JsonReader::replies(const char* key, std::vector<Result<PublishResult, ControlError>>& replies)
{
    replies.clear();
    forEach(key, [&](const Json& element, std::string_view text, const std::string& path) {
        auto reply = readReply(element, text, "publish");
        if (!reply || (reply->second && !std::holds_alternative<PublishResult>(*reply->second)))
            return fail(path, "cannot be read");
        if (reply->second)
            replies.emplace_back(std::get<PublishResult>(std::move(*reply->second)));
        else
            replies.emplace_back(Failure{reply->second.error()});
    });
}

void JsonReader::replies(const char* key, std::vector<BatchReply>& replies)
{
    replies.clear();
    forEach(key, [&](const Json& element, std::string_view text, const std::string& path) {
        auto reply = readReply(element, text, {});
        if (!reply)
            return fail(path, "cannot be read");
        if (!reply->second) {
            replies.push_back({reply->first, Failure{reply->second.error()}});
            return;
        }
        auto answer = narrowed<HubAnswer>(std::move(*reply->second));
        if (!answer)
            return fail(path, "cannot be read");
        replies.push_back({reply->first, std::move(*answer)});
    });
}

void appendJsonText(std::string& out, std::string_view text)
{
    const bool plain = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
    if (plain)
        out.append("\"").append(text).append("\"");
    else
        out += json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string_view commandMethod(const Command& command)
{
    return methods.at(command.index());
}

std::string_view commandMethod(const HubCommand& command)
{
    return std::visit([]<class C>(const C&) { return methods.at(indexOf<C>()); }, command);
}

bool isCommandMethod(std::string_view method)
{
    return methodIndex(method).has_value();
}

json replyToJson(const Reply& reply)
{
    return json::parse(formatReply(reply));
}

std::string formatFeed(const FeedBatch& batch)
{
    std::string text;
    JsonWriter::append(text, batch);
    return text;
}

Result<FeedBatch, ControlError> parseFeed(std::string_view text)
{
    return readValue<FeedBatch>(json::parse(text, nullptr, false), text);
}

Result<Command, ControlError> parseCommand(std::string_view method, std::string_view body)
{
    const auto index = methodIndex(method);
    if (!index)
        return Failure{ControlError{ControlErrorCode::NotFound, "there is no method \"" + clipped(method, 60) + '"'}};
    if (nestsDeeper(body, deepestBody))
        return badRequest("the body has more than " + std::to_string(deepestBody) +
                          " objects and lists within each other");
    const json parameters = body.empty() ? json::object() : json::parse(body, nullptr, false);
    if (parameters.is_discarded())
        return badRequest("the body is not JSON");
    return readCommandAt(*index, parameters, body);
}

std::string formatCommand(const Command& command)
{
    std::string text;
    std::visit([&](const auto& value) { JsonWriter::append(text, value); }, command);
    return text;
}

Reply parseReply(std::string_view method, std::string_view body)
{
    const json value = json::parse(body, nullptr, false);
    const auto index = methodIndex(method);
    if (value.is_discarded())
        return badAnswer("it is not JSON");
    if (!index)
        return badAnswer("no method \"" + clipped(method, 60) + '"');
    if (value.is_object() && value.contains("error") && value["error"].is_object())
        return readError(value["error"]);
    if (!value.is_object() || !value.contains("result"))
        return badAnswer("neither result nor error");
    const auto parts = jsonMembers(body);
    const auto result = std::ranges::find(parts.rbegin(), parts.rend(), "result", &JsonSlice::name);
    return answerReaders.at(*index)(value["result"], result == parts.rend() ? std::string_view() : result->value);
}

/// Centrifugo's clients look for the replies of a batch where no result is.
std::string formatReply(const Reply& reply)
{
    std::string text;
    appendReply(text, reply);
    if (const auto* batch = reply ? std::get_if<BatchResult>(&*reply) : nullptr) {
        std::string replies;
        JsonWriter::append(replies, *batch);
        text.pop_back();
        text.append(",").append(replies, 1);
    }
    return text;
}

} // namespace gatehouse
