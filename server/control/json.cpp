// SPDX-License-Identifier: GPL-3.0-or-later
#include "control/json.h"

#include "control/fields.h"
#include "control/jsonbounds.h"
#include "policy/load.h"
#include "policy/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <limits>
#include <set>

namespace gatehouse {

using nlohmann::json;

namespace {

using Milliseconds = std::chrono::milliseconds;
using Refusals = std::vector<std::pair<Reason, std::uint64_t>>;

constexpr std::string_view noDuration = "none";
constexpr std::uint32_t largestAuditPage = 1000;
constexpr std::uint64_t lastSecond = 253'402'300'799; // of the year 9999

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
                                                                             "upstream_drain"};

// --- enumerations and their words ---

template <class E> struct Words;
template <> struct Words<Reason> {
    static std::string_view word(Reason reason) { return reasonWord(reason); }
    static std::optional<Reason> value(std::string_view word)
    {
        return word.empty() ? std::optional(Reason::None) : reasonFromWord(word);
    }
};
template <> struct Words<AuditKind> {
    static std::string_view word(AuditKind kind) { return auditKindWord(kind); }
    static std::optional<AuditKind> value(std::string_view word) { return auditKindFromWord(word); }
};

template <class E, std::size_t Count> struct ListedWords {
    static std::optional<E> valueIn(const std::array<std::string_view, Count>& words, std::string_view word)
    {
        const auto found = std::find(words.begin(), words.end(), word);
        if (found == words.end())
            return std::nullopt;
        return static_cast<E>(found - words.begin());
    }
};
#define GATEHOUSE_WORDS(TYPE, COUNT, ...)                                                                              \
    template <> struct Words<TYPE> : ListedWords<TYPE, COUNT> {                                                        \
        static constexpr std::array<std::string_view, COUNT> words{__VA_ARGS__};                                       \
        static std::string_view word(TYPE value) { return words.at(static_cast<std::size_t>(value)); }                 \
        static std::optional<TYPE> value(std::string_view word) { return valueIn(words, word); }                       \
    };
GATEHOUSE_WORDS(BanSubject, 4, "user", "address", "network", "token")
GATEHOUSE_WORDS(RevocationSubject, 2, "token", "user")
GATEHOUSE_WORDS(SessionPhase, 3, "open", "closing", "quarantined")
GATEHOUSE_WORDS(PolicyOrigin, 5, "file", "apply", "provisional", "rollback", "returned")
GATEHOUSE_WORDS(PolicyChange::Kind, 3, "added", "removed", "changed")
GATEHOUSE_WORDS(GateState, 4, "starting", "serving", "draining", "stopped")
GATEHOUSE_WORDS(AuditState, 2, "good", "failing")
GATEHOUSE_WORDS(UpstreamState, 3, "up", "ejected", "draining")
GATEHOUSE_WORDS(CertificateState, 3, "good", "expires_soon", "reload_failed")
GATEHOUSE_WORDS(KeySetState, 2, "good", "failing")
#undef GATEHOUSE_WORDS

// --- writing ---

class Writer {
public:
    template <class T> using Ref = const T&;

    template <class T> void operator()(const char* key, const T& field) { m_object[key] = encode(field); }
    template <class T> void need(const char* key, const T& field) { (*this)(key, field); }
    template <class T> void need(const char* key, const T& field, const char*) { (*this)(key, field); }
    /// A policy document.
    void document(const char* key, const std::string& text) { (*this)(key, text); }
    /// The same as an object, for programs that edit it.
    void parsed(const char* key, const std::string& text)
    {
        if (json object = json::parse(text, nullptr, false); object.is_object())
            m_object[key] = std::move(object);
    }
    void rate(const char* key, const Rate& rate)
    {
        const auto per = std::chrono::duration_cast<Milliseconds>(rate.per);
        m_object[key] = {{"count", rate.count}, {"per", formatDuration(per)}, {"burst", rate.burst}};
    }
    void shared(const std::shared_ptr<const SessionInfo>& info)
    {
        if (info)
            describe(*this, *info);
    }
    [[nodiscard]] json take() { return std::move(m_object); }

    template <class T> static json encode(const T& value)
    {
        if constexpr (std::is_enum_v<T>) {
            return Words<T>::word(value);
        } else if constexpr (std::is_arithmetic_v<T> || std::same_as<T, std::string>) {
            return value;
        } else {
            Writer writer;
            describe(writer, value);
            return writer.take();
        }
    }
    template <class Tag> static json encode(const StrongId<Tag>& id) { return id.value; }
    static json encode(const Network& network) { return network.toString(); }
    static json encode(const WallTime& time) { return formatTime(time); }
    static json encode(const std::chrono::sys_seconds& time) { return time.time_since_epoch().count(); }
    static json encode(const std::optional<Milliseconds>& duration)
    {
        return duration ? formatDuration(*duration) : std::string(noDuration);
    }
    template <class T> static json encode(const std::optional<T>& value) { return value ? encode(*value) : json(); }
    template <class T> static json encode(const std::vector<T>& values)
    {
        json array = json::array();
        for (const T& value : values)
            array.push_back(encode(value));
        return array;
    }
    static json encode(const Refusals& refusals)
    {
        json object = json::object();
        for (const auto& [reason, count] : refusals)
            object[std::string(reasonWord(reason))] = count;
        return object;
    }

private:
    json m_object = json::object();
};

// --- reading ---

/// Reads fields from an object and keeps the first thing that was wrong, with the path to it.
class Reader {
public:
    template <class T> using Ref = T&;

    Reader(const json& object, std::string path, std::string& error)
        : m_object(object)
        , m_path(std::move(path))
        , m_error(error)
    {
        if (!object.is_object())
            fail(m_path, "must be an object");
    }

    template <class T> void operator()(const char* key, T& field) { read(key, field, false); }
    template <class T> void need(const char* key, T& field) { read(key, field, true); }
    template <class T> void need(const char* key, T& field, const char* alias)
    {
        const bool given = has(key);
        if (given && has(alias))
            fail(below(alias), "is " + std::string(key) + " by another name: give one of them");
        m_known.insert(key);
        read(given || !has(alias) ? key : alias, field, true);
    }
    /// A policy document: its text, or the object itself.
    void document(const char* key, std::string& text)
    {
        const auto found = m_object.find(key);
        if (found == m_object.end() || !found->is_object())
            return need(key, text);
        m_known.insert(key);
        if (blanksInLines(*found) > largestDocument)
            return fail(below(key), "is over " + formatSize(largestDocument) + " in lines");
        text = found->dump(2, ' ', false, json::error_handler_t::replace);
    }
    void parsed(const char* key, const std::string&) { m_known.insert(key); }
    /// A token bucket as in the policy: {"count": 20, "per": "1s", "burst": 40}.
    void rate(const char* key, Rate& rate)
    {
        m_known.insert(key);
        if (!m_error.empty())
            return;
        if (!has(key))
            return fail(below(key), "is missing");
        Reader reader(m_object.at(key), below(key), m_error);
        std::optional<Milliseconds> per = Milliseconds(0);
        reader.need("count", rate.count);
        reader.need("per", per);
        rate.burst = rate.count;
        reader("burst", rate.burst);
        reader.refuseUnknown();
        if (rate.count < 1 || rate.burst < 1 || !per || *per < Milliseconds(1) || *per > std::chrono::hours(24))
            return fail(below(key), "must be a rate like {\"count\": 20, \"per\": \"1s\"}");
        rate.per = *per;
    }
    void shared(std::shared_ptr<const SessionInfo>& info)
    {
        auto read = std::make_shared<SessionInfo>();
        describe(*this, *read);
        info = std::move(read);
    }
    /// The first key that no field asked for.
    void refuseUnknown()
    {
        if (!m_object.is_object())
            return;
        for (const auto& [key, value] : m_object.items())
            if (!m_known.contains(key))
                fail(below(key), "is not a parameter of this method");
    }

private:
    [[nodiscard]] std::string below(std::string_view key) const
    {
        return m_path.empty() ? std::string(key) : m_path + '.' + std::string(key);
    }
    [[nodiscard]] bool has(const char* key) const
    {
        const auto found = m_object.find(key);
        return found != m_object.end() && !found->is_null();
    }
    void fail(const std::string& path, std::string_view what)
    {
        if (m_error.empty())
            m_error = (path.empty() ? std::string("the parameters") : clipped(path, 80)) + ' ' + std::string(what);
    }

    template <class T> void read(const char* key, T& field, bool needed)
    {
        m_known.insert(key);
        if (!m_error.empty())
            return;
        const auto found = m_object.find(key);
        if (found != m_object.end() && !found->is_null())
            decode(*found, below(key), field);
        else if (needed)
            fail(below(key), "is missing");
    }

    template <class T> void decode(const json& value, const std::string& path, T& field)
    {
        if constexpr (std::is_enum_v<T>)
            decodeWord(value, path, field);
        else if constexpr (std::same_as<T, bool>)
            decodePlain(value, path, field, value.is_boolean(), "must be true or false");
        else if constexpr (std::floating_point<T>)
            decodePlain(value, path, field, value.is_number(), "must be a number");
        else if constexpr (std::unsigned_integral<T>)
            decodeInteger(value, path, field);
        else if constexpr (std::same_as<T, std::int64_t>)
            decodePlain(value, path, field, value.is_number_integer(), "must be a whole number");
        else if constexpr (std::same_as<T, std::string>)
            decodePlain(value, path, field, value.is_string(), "must be a string");
        else {
            Reader reader(value, path, m_error);
            describe(reader, field);
        }
    }
    template <class T>
    void decodePlain(const json& value, const std::string& path, T& field, bool fits, std::string_view expected)
    {
        if (fits)
            field = value.get<T>();
        else
            fail(path, expected);
    }
    template <class T> void decodeInteger(const json& value, const std::string& path, T& field)
    {
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() > std::numeric_limits<T>::max())
            return fail(path, "must be a whole number from 0 to " + std::to_string(std::numeric_limits<T>::max()));
        field = static_cast<T>(value.get<std::uint64_t>());
    }
    template <class E> void decodeWord(const json& value, const std::string& path, E& field)
    {
        const auto known = value.is_string() ? Words<E>::value(value.get_ref<const std::string&>()) : std::nullopt;
        if (!known)
            return fail(path, "is not a word that is known here");
        field = *known;
    }
    template <class Tag> void decode(const json& value, const std::string& path, StrongId<Tag>& field)
    {
        decodeInteger(value, path, field.value);
    }
    void decode(const json& value, const std::string& path, Network& field)
    {
        const auto network = value.is_string() ? Network::parse(value.get_ref<const std::string&>()) : std::nullopt;
        if (!network)
            return fail(path, "must be an address or a network like 10.0.0.0/8");
        field = *network;
    }
    void decode(const json& value, const std::string& path, WallTime& field)
    {
        const auto time = value.is_string() ? parseTime(value.get_ref<const std::string&>()) : std::nullopt;
        if (!time)
            return fail(path, "must be a time like 2026-11-22T09:30:00Z");
        field = *time;
    }
    void decode(const json& value, const std::string& path, std::chrono::sys_seconds& field)
    {
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() > lastSecond)
            return fail(path, "must be a time in whole seconds since 1970");
        field = std::chrono::sys_seconds(std::chrono::seconds(value.get<std::int64_t>()));
    }
    void decode(const json& value, const std::string& path, std::optional<Milliseconds>& field)
    {
        const std::string text = value.is_string() ? value.get<std::string>() : std::string();
        const auto duration = parseDuration(text);
        if (!duration && text != noDuration)
            return fail(path, "must be a duration like \"500ms\", \"30s\" or \"5m\", or \"none\"");
        field = duration;
    }
    template <class T> void decode(const json& value, const std::string& path, std::optional<T>& field)
    {
        decode(value, path, field.emplace());
    }
    template <class T> void decode(const json& value, const std::string& path, std::vector<T>& field)
    {
        if (!value.is_array())
            return fail(path, "must be a list");
        field.clear();
        field.reserve(value.size());
        for (const json& element : value) {
            const std::string place = path + '[' + std::to_string(field.size()) + ']';
            decode(element, place, field.emplace_back());
        }
    }
    void decode(const json& value, const std::string& path, Refusals& field)
    {
        if (!value.is_object())
            return fail(path, "must be an object");
        field.clear();
        for (const auto& [key, count] : value.items()) {
            // A newer server may count what this client has no word for.
            const auto reason = reasonFromWord(key);
            if (reason)
                decodeInteger(count, path + '.' + key, field.emplace_back(*reason, 0).second);
        }
        std::sort(field.begin(), field.end());
    }

    const json& m_object;
    std::string m_path;
    std::string& m_error;
    std::set<std::string, std::less<>> m_known;
};

// --- commands and answers ---

Failure<ControlError> badRequest(std::string message)
{
    return Failure{ControlError{ControlErrorCode::BadRequest, std::move(message)}};
}

Failure<ControlError> badAnswer(const std::string& message)
{
    return Failure{ControlError{ControlErrorCode::Internal, "the server's answer cannot be read: " + message}};
}

template <class C> Result<Command, ControlError> readCommand(const json& parameters)
{
    C command;
    std::string error;
    Reader reader(parameters, {}, error);
    describe(reader, command);
    reader.refuseUnknown();
    if (!error.empty())
        return badRequest(std::move(error));
    if constexpr (std::same_as<C, AuditQuery>)
        if (command.limit < 1 || command.limit > largestAuditPage)
            return badRequest("limit must be 1 to " + std::to_string(largestAuditPage));
    return Command(std::move(command));
}

template <std::size_t Index = 0> Result<Command, ControlError> readCommandAt(std::size_t wanted, const json& parameters)
{
    if constexpr (Index < std::variant_size_v<Command>) {
        if (Index == wanted)
            return readCommand<std::variant_alternative_t<Index, Command>>(parameters);
        return readCommandAt<Index + 1>(wanted, parameters);
    } else {
        return badRequest("no such method");
    }
}

template <class T> Result<T, ControlError> readValue(const json& object)
{
    T value;
    std::string error;
    Reader reader(object, "result", error);
    describe(reader, value);
    if (!error.empty())
        return badAnswer(error);
    return value;
}

template <class T> Reply readAnswer(const json& result)
{
    auto value = readValue<T>(result);
    if (!value)
        return Failure{value.error()};
    return Answer(std::move(value).value());
}

using AnswerReader = Reply (*)(const json&);

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
                                                                               readAnswer<UpstreamDrainResult>};

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
         {ControlErrorCode::NotFound, ControlErrorCode::BadRequest, ControlErrorCode::Rejected,
          ControlErrorCode::Unavailable, ControlErrorCode::Conflict})
        if (code->get<std::uint64_t>() == static_cast<std::uint64_t>(known))
            result.code = known;
    std::string problem;
    Reader reader(error, "error", problem);
    describeDetails(reader, result);
    if (!problem.empty())
        return badAnswer(problem);
    return Failure{std::move(result)};
}

json errorToJson(const ControlError& error)
{
    json value = {{"code", static_cast<unsigned>(error.code)}, {"message", error.message}};
    if (error.reason == Reason::None)
        return value;
    Writer writer;
    describeDetails(writer, error);
    value.update(writer.take());
    return value;
}

std::string textOf(const json& value)
{
    // What is not UTF-8 is replaced: an answer must not fail because a peer sent such bytes.
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace

std::string_view commandMethod(const Command& command)
{
    return methods.at(command.index());
}

bool isCommandMethod(std::string_view method)
{
    return methodIndex(method).has_value();
}

json commandToJson(const Command& command)
{
    return std::visit([](const auto& value) { return Writer::encode(value); }, command);
}

Result<Command, ControlError> commandFromJson(std::string_view method, const json& parameters)
{
    const auto index = methodIndex(method);
    if (!index)
        return Failure{ControlError{ControlErrorCode::NotFound, "there is no method \"" + clipped(method, 60) + '"'}};
    return readCommandAt(*index, parameters);
}

json replyToJson(const Reply& reply)
{
    if (!reply)
        return {{"error", errorToJson(reply.error())}};
    return {{"result", std::visit([](const auto& value) { return Writer::encode(value); }, *reply)}};
}

Reply replyFromJson(std::string_view method, const json& value)
{
    const auto index = methodIndex(method);
    if (!index)
        return badAnswer("no method \"" + clipped(method, 60) + '"');
    if (value.is_object() && value.contains("error") && value["error"].is_object())
        return readError(value["error"]);
    if (!value.is_object() || !value.contains("result"))
        return badAnswer("neither result nor error");
    return answerReaders.at(*index)(value["result"]);
}

json feedToJson(const FeedBatch& batch)
{
    return Writer::encode(batch);
}

Result<FeedBatch, ControlError> feedFromJson(const json& value)
{
    return readValue<FeedBatch>(value);
}

Result<Command, ControlError> parseCommand(std::string_view method, std::string_view body)
{
    if (nestsDeeper(body, deepestBody))
        return badRequest("the body has more than " + std::to_string(deepestBody) +
                          " objects and lists within each other");
    const json parameters = body.empty() ? json::object() : json::parse(body, nullptr, false);
    if (parameters.is_discarded())
        return badRequest("the body is not JSON");
    return commandFromJson(method, parameters);
}

std::string formatCommand(const Command& command)
{
    return textOf(commandToJson(command));
}

Reply parseReply(std::string_view method, std::string_view body)
{
    const json value = json::parse(body, nullptr, false);
    if (value.is_discarded())
        return badAnswer("it is not JSON");
    return replyFromJson(method, value);
}

std::string formatReply(const Reply& reply)
{
    return textOf(replyToJson(reply));
}

} // namespace gatehouse
