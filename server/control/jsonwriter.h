// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/fields.h"
#include "control/jsonwords.h"
#include "domain/isotime.h"
#include "policy/text.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <concepts>
#include <string>
#include <type_traits>

namespace gatehouse {

/// Text as JSON. What is not UTF-8 is replaced: an answer must not fail because a peer sent such bytes.
void appendJsonText(std::string& out, std::string_view text);

/// Appends an object to a text, in the order of its fields.
class JsonWriter {
public:
    template <class T> using Ref = const T&;

    explicit JsonWriter(std::string& out)
        : m_out(out)
    {
        m_out += '{';
    }
    ~JsonWriter() { m_out += '}'; }
    JsonWriter(const JsonWriter&) = delete;
    JsonWriter& operator=(const JsonWriter&) = delete;

    template <class T> void operator()(std::string_view key, const T& field)
    {
        begin(key);
        append(m_out, field);
    }
    template <class T> void need(std::string_view key, const T& field) { (*this)(key, field); }
    template <class T> void need(std::string_view key, const T& field, const char*) { (*this)(key, field); }
    /// A policy document.
    void document(std::string_view key, const std::string& text) { (*this)(key, text); }
    /// The same as an object, for programs that edit it.
    void parsed(std::string_view key, const std::string& text)
    {
        if (const auto object = nlohmann::json::parse(text, nullptr, false); object.is_object()) {
            begin(key);
            m_out += object.dump();
        }
    }
    void rate(std::string_view key, const Rate& rate)
    {
        begin(key);
        JsonWriter writer(m_out);
        writer("burst", rate.burst);
        writer("count", rate.count);
        writer("per", formatDuration(std::chrono::duration_cast<std::chrono::milliseconds>(rate.per)));
    }
    void shared(const std::shared_ptr<const SessionInfo>& info)
    {
        if (info)
            describe(*this, *info);
    }
    /// JSON as it is; left out where there is none.
    void json(std::string_view key, const std::string& text)
    {
        if (!text.empty()) {
            begin(key);
            m_out += text;
        }
    }
    void needJson(std::string_view key, const std::string& text) { json(key, text); }
    template <class T> void unlessEmpty(std::string_view key, const T& field)
    {
        if (field != T())
            (*this)(key, field);
    }
    template <class T> void byName(std::string_view key, const std::vector<T>& values)
    {
        begin(key);
        JsonWriter writer(m_out);
        for (const T& value : values)
            writer(nameOf(value), value);
    }
    void commands(std::string_view key, const std::vector<HubCommand>& commands);
    void replies(std::string_view key, const std::vector<Result<PublishResult, ControlError>>& replies);
    void replies(std::string_view key, const std::vector<BatchReply>& replies);

    template <class T> static void append(std::string& out, const T& value)
    {
        if constexpr (std::is_enum_v<T>) {
            appendJsonText(out, Words<T>::word(value));
        } else if constexpr (std::same_as<T, bool>) {
            out += value ? "true" : "false";
        } else if constexpr (std::integral<T>) {
            out += std::to_string(value);
        } else if constexpr (std::floating_point<T>) {
            out += nlohmann::json(value).dump();
        } else if constexpr (std::same_as<T, std::string>) {
            appendJsonText(out, value);
        } else {
            JsonWriter writer(out);
            describe(writer, value);
        }
    }
    template <class Tag> static void append(std::string& out, const StrongId<Tag>& id) { append(out, id.value); }
    static void append(std::string& out, const Network& network) { append(out, network.toString()); }
    static void append(std::string& out, const WallTime& time) { append(out, formatTime(time)); }
    static void append(std::string& out, const std::chrono::sys_seconds& time)
    {
        append(out, static_cast<std::int64_t>(time.time_since_epoch().count()));
    }
    static void append(std::string& out, const std::optional<std::chrono::milliseconds>& duration)
    {
        append(out, duration ? formatDuration(*duration) : std::string(noDurationWord));
    }
    template <class T> static void append(std::string& out, const std::optional<T>& value)
    {
        if (value)
            append(out, *value);
        else
            out += "null";
    }
    template <class T> static void append(std::string& out, const std::vector<T>& values)
    {
        out += '[';
        for (const T& value : values) {
            if (&value != &values.front())
                out += ',';
            append(out, value);
        }
        out += ']';
    }
    static void append(std::string& out, const std::vector<std::pair<Reason, std::uint64_t>>& refusals)
    {
        JsonWriter writer(out);
        for (const auto& [reason, count] : refusals)
            writer(reasonWord(reason), count);
    }
    static void append(std::string& out, const Tags& tags)
    {
        JsonWriter writer(out);
        for (const auto& [name, value] : tags)
            writer(name, value);
    }

private:
    void begin(std::string_view key)
    {
        if (!m_first)
            m_out += ',';
        m_first = false;
        appendJsonText(m_out, key);
        m_out += ':';
    }

    std::string& m_out;
    bool m_first = true;
};

} // namespace gatehouse
