// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/keyrotation.h"

#include "auth/base64url.h"
#include "auth/hmac.h"
#include "domain/isotime.h"
#include "policy/load.h"
#include "policy/privatefile.h"
#include "setup/newfile.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <unistd.h>

namespace gatehouse {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t secretBytes = 32;
constexpr std::size_t largestPolicy = 4U << 20;

std::string problemsOf(const std::vector<PolicyError>& errors, const std::filesystem::path& file)
{
    std::string all;
    for (const PolicyError& error : errors)
        all += (all.empty() ? "" : "\n") + formatPolicyError(error, file);
    return all;
}

/// "2026-11-22T09:30:00Z": parts of a second are of no use to a person.
std::string wholeSeconds(WallTime time)
{
    return formatTime(std::chrono::ceil<std::chrono::seconds>(time)).substr(0, 19) + "Z";
}

/// token.key, token-20261122T093000Z.key: "token-NOW.key".
std::filesystem::path newName(const std::filesystem::path& old, WallTime now)
{
    constexpr std::size_t stampSize = 17; // -20261122T093000Z
    std::string stem = old.stem().string();
    const auto isStamp = [](std::string_view text) {
        return text[0] == '-' && text[9] == 'T' && text[16] == 'Z' &&
               std::all_of(text.begin() + 1, text.begin() + 9, [](char c) { return c >= '0' && c <= '9'; });
    };
    if (stem.size() > stampSize && isStamp(std::string_view(stem).substr(stem.size() - stampSize)))
        stem.resize(stem.size() - stampSize);
    std::string stamp = formatTime(now).substr(0, 19) + "Z";
    std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
    return old.parent_path() / (stem + '-' + stamp + old.extension().string());
}

/// One rotation, step by step.
class Rotation {
public:
    Rotation(const KeyRotationRequest& request, WallTime now)
        : m_request(request)
        , m_now(now)
    {
    }

    Result<KeyRotation, std::string> run()
    {
        for (const auto step : {&Rotation::read, &Rotation::choose, &Rotation::edit, &Rotation::write})
            if (auto done = (this->*step)(); !done)
                return Failure{done.error()};
        return m_rotation;
    }

private:
    Result<Done, std::string> read()
    {
        std::error_code error;
        m_file = std::filesystem::canonical(m_request.policy, error); // a symbolic link must not become a file
        if (error)
            return Failure{m_request.policy.string() + ": " + error.message()};
        auto text = readWholeFile(m_file, largestPolicy);
        if (!text)
            return Failure{text.error()};
        m_text = std::move(*text);
        auto loaded = parsePolicy(m_text, m_request.policy);
        if (!loaded)
            return Failure{problemsOf(loaded.error(), m_request.policy)};
        m_policy = std::move(loaded->policy);
        m_document = Json::parse(m_text, nullptr, false);
        return Done{};
    }

    Result<Done, std::string> choose()
    {
        const auto isMeant = [&](const Issuer& issuer) {
            return m_request.issuer.empty() ? !issuer.secretFile.empty() : issuer.name == m_request.issuer;
        };
        const auto found = std::ranges::find_if(m_policy.issuers, isMeant);
        if (found == m_policy.issuers.end())
            return Failure{m_request.issuer.empty() ? std::string("no issuer of the policy has a secret")
                                                    : "the policy has no issuer \"" + m_request.issuer + "\""};
        if (found->secretFile.empty())
            return Failure{"issuer " + found->name +
                           " has no secret here: whoever holds its private keys changes them, and the gate follows"};
        m_index = static_cast<std::size_t>(found - m_policy.issuers.begin());
        m_rotation.issuer = found->name;
        m_rotation.previous = found->secretFile;
        m_rotation.secret = newName(found->secretFile, m_now);
        const auto keep = m_request.keep.value_or(found->maxLifetime + found->leeway);
        m_rotation.previousUntil = std::chrono::ceil<std::chrono::seconds>(m_now + keep);
        if (std::filesystem::exists(std::filesystem::symlink_status(m_rotation.secret)))
            return Failure{m_rotation.secret.string() + " exists already; try again in a second"};
        return Done{};
    }

    Result<Done, std::string> edit()
    {
        Json& issuer = m_document["issuers"][m_index];
        const std::string old = issuer["secret_file"].get<std::string>();
        Json previous = Json::array();
        if (issuer.contains("previous") && issuer["previous"].is_array()) {
            for (std::size_t i = 0; i < issuer["previous"].size(); ++i) {
                if (m_policy.issuers[m_index].previous[i].until <= m_now)
                    ++m_rotation.pruned;
                else
                    previous.push_back(issuer["previous"][i]);
            }
        }
        previous.push_back({{"secret_file", old}, {"until", wholeSeconds(m_rotation.previousUntil)}});
        issuer["secret_file"] = (std::filesystem::path(old).parent_path() / m_rotation.secret.filename()).string();
        if (issuer.contains("previous"))
            issuer["previous"] = std::move(previous);
        else
            insertAfter(issuer, "secret_file", "previous", std::move(previous));
        return Done{};
    }

    static void insertAfter(Json& object, std::string_view after, const char* key, Json value)
    {
        Json made = Json::object();
        for (auto& [name, member] : object.items()) {
            made[name] = std::move(member);
            if (name == after)
                made[key] = value;
        }
        object = std::move(made);
    }

    Result<Done, std::string> write()
    {
        const auto secret = randomBytes(secretBytes);
        if (!secret)
            return Failure{std::string("the system's random generator failed")};
        if (auto written = writeBeside(m_rotation.previous, m_rotation.secret, base64urlEncoded(*secret) + "\n");
            !written)
            return written;
        auto replaced = replacePolicy();
        // Unless the policy that names it is there all the same.
        if (const auto lies = readWholeFile(m_file, largestPolicy); !replaced && lies && *lies == m_text)
            unlink(m_rotation.secret.c_str());
        return replaced;
    }

    Result<Done, std::string> replacePolicy()
    {
        const std::string text = m_document.dump(2) + "\n";
        // As it is read from here on; it names at most as many previous secrets as are allowed, for one.
        if (const auto next = parsePolicy(text, m_request.policy); !next)
            return Failure{"the policy would not be valid any more:\n" + problemsOf(next.error(), m_request.policy)};
        std::filesystem::path fresh = m_file;
        fresh += ".new." + std::to_string(getpid());
        if (auto written = writeBeside(m_file, fresh, text); !written)
            return written;
        const auto before = readWholeFile(m_file, largestPolicy);
        if (!before || *before != m_text) {
            unlink(fresh.c_str());
            return Failure{m_file.string() + ": somebody else changed it meanwhile; try again"};
        }
        // The new secret's name is on disk before the policy that needs it.
        if (auto moved = moveInto(m_rotation.secret, m_rotation.secret); !moved) {
            unlink(fresh.c_str());
            return moved;
        }
        return moveInto(fresh, m_file);
    }

    const KeyRotationRequest& m_request;
    WallTime m_now;
    std::filesystem::path m_file;
    std::string m_text;
    Policy m_policy;
    Json m_document;
    std::size_t m_index = 0;
    KeyRotation m_rotation;
};

} // namespace

Result<KeyRotation, std::string> rotateKey(const KeyRotationRequest& request, WallTime now)
{
    return Rotation(request, now).run();
}

} // namespace gatehouse
