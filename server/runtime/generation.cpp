// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/generation.h"

#include "auth/hmac.h"
#include "control/json.h"
#include "policy/privatefile.h"
#include "runtime/keysources.h"
#include "setup/certificatefacts.h"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>

namespace gatehouse {

namespace {

constexpr std::size_t largestFile = 1U << 20; // bytes

std::int64_t nanoseconds(const timespec& time)
{
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

/// Of parts with their lengths, so that no two lists of them look alike; empty where the TLS library fails.
std::string digestOf(const std::vector<std::string>& parts)
{
    std::string all;
    for (const std::string& part : parts)
        all += std::to_string(part.size()) + ':' + part;
    return hmacSha256("gatehouse tls files", all).value_or(std::string());
}

struct TlsFiles {
    std::string certificate; ///< PEM
    std::string digest;      ///< of all files
};

Result<TlsFiles, std::string> readFiles(const ListenerTls& tls)
{
    if (const auto problem = checkPrivateFile(tls.key))
        return Failure{problem->detail};
    std::vector<std::string> parts;
    for (const auto& file : tlsFiles(tls)) {
        auto bytes = readWholeFile(file, largestFile);
        if (!bytes)
            return Failure{bytes.error()};
        if (bytes->empty())
            return Failure{file.string() + ": it is empty"};
        parts.push_back(std::move(*bytes));
    }
    if (std::string problem = keyProblem(parts[1]); !problem.empty())
        return Failure{tls.key.string() + ": " + problem};
    TlsFiles files{parts[0], digestOf(parts)};
    if (files.digest.empty())
        return Failure{std::string("the TLS library cannot hash")};
    return files;
}

struct LoadedListener {
    std::shared_ptr<const TlsContext> context;
    std::shared_ptr<const LoadedCertificate> certificate;
    bool sameSettings = true; ///< of what is served: as those that are asked for
};

/// Empty: clients whose clock is right take it.
std::string validityProblem(const CertificateFacts& facts, WallTime now)
{
    if (facts.notAfter <= now)
        return "it ended at " + formatTime(facts.notAfter);
    if (facts.notBefore > now)
        return "it is not valid before " + formatTime(facts.notBefore);
    return {};
}

/// `served`: what the listener serves with; null at the start, when a certificate that has ended is better than none.
Result<LoadedListener, std::string> loadListener(const Listener& listener, const LoadedListener* served,
                                                 const Clock& clock)
{
    const ListenerTls& tls = *listener.tls;
    const auto problem = [&](const std::string& what) { return Failure{"listener " + listener.name + ": " + what}; };
    const FileStamps before = stampsOf(tls);
    auto files = readFiles(tls);
    if (!files)
        return problem(files.error());
    const bool sameFiles = served && served->certificate && served->certificate->digest == files->digest;
    if (sameFiles && served->sameSettings)
        return *served;
    auto facts = certificateFacts(files->certificate);
    if (!facts)
        return problem(tls.certificate.string() + ": " + facts.error());
    if (served && !sameFiles)
        if (const std::string why = validityProblem(*facts, clock.wall()); !why.empty())
            return problem(tls.certificate.string() + ": " + why);
    auto context = TlsContext::create(tls, listener.name, clock);
    if (!context)
        return problem(context.error());
    if (stampsOf(tls) != before) // what was looked at need not be what was loaded
        return problem(tls.certificate.string() + ": it changed while it was read");
    auto certificate =
        std::make_shared<const LoadedCertificate>(LoadedCertificate{std::move(files->digest), std::move(*facts)});
    return LoadedListener{std::move(*context), std::move(certificate)};
}

std::optional<LoadedListener> servedBy(const PolicyGeneration* previous, const Listener& listener)
{
    for (std::size_t i = 0; previous && i < previous->policy->listeners.size(); ++i) {
        const Listener& before = previous->policy->listeners[i];
        if (before.name == listener.name)
            return LoadedListener{previous->tls[i], previous->certificates[i], before.tls == listener.tls};
    }
    return std::nullopt;
}

} // namespace

FileStamp stampOf(const std::filesystem::path& file)
{
    struct stat status {};
    FileStamp stamp;
    if (stat(file.c_str(), &status) != 0) {
        stamp.error = errno;
        return stamp;
    }
    stamp.device = status.st_dev;
    stamp.inode = status.st_ino;
    stamp.mode = status.st_mode;
    stamp.size = status.st_size;
    stamp.modified = nanoseconds(status.st_mtim);
    stamp.changed = nanoseconds(status.st_ctim);
    return stamp;
}

std::vector<std::filesystem::path> tlsFiles(const ListenerTls& tls)
{
    std::vector<std::filesystem::path> files{tls.certificate, tls.key};
    if (!tls.clientCa.empty())
        files.push_back(tls.clientCa);
    return files;
}

std::string filesDigest(const ListenerTls& tls)
{
    std::vector<std::string> parts;
    for (const auto& file : tlsFiles(tls)) {
        auto bytes = readWholeFile(file, largestFile);
        parts.push_back(bytes ? std::move(*bytes) : bytes.error());
    }
    return digestOf(parts);
}

FileStamps stampsOf(const ListenerTls& tls)
{
    FileStamps stamps;
    for (const auto& file : tlsFiles(tls))
        stamps.push_back(stampOf(file));
    return stamps;
}

Result<std::shared_ptr<const PolicyGeneration>, std::string> makeGeneration(std::shared_ptr<const Policy> policy,
                                                                            const Clock& clock,
                                                                            const PolicyGeneration* previous,
                                                                            UpstreamTable* upstreams)
{
    auto generation = std::make_shared<PolicyGeneration>();
    for (const Listener& listener : policy->listeners) {
        LoadedListener loaded;
        if (listener.tls) {
            const auto served = servedBy(previous, listener);
            auto result = loadListener(listener, served ? &*served : nullptr, clock);
            if (!result)
                return Failure{result.error()};
            loaded = std::move(*result);
        }
        generation->tls.push_back(std::move(loaded.context));
        generation->certificates.push_back(std::move(loaded.certificate));
    }
    auto keys = loadIssuerKeys(*policy, previous);
    if (!keys)
        return Failure{keys.error()};
    generation->keys = std::move(*keys);
    UpstreamTable unknown(clock);
    auto routes = (upstreams ? *upstreams : unknown)
                      .resources(*policy, previous ? previous->policy.get() : nullptr,
                                 previous ? previous->routes : UpstreamTable::Resources());
    if (!routes)
        return Failure{routes.error()};
    generation->routes = std::move(*routes);
    generation->policy = std::move(policy);
    return std::shared_ptr<const PolicyGeneration>(std::move(generation));
}

std::vector<WatchedUpstream> watchedUpstreams(const PolicyGeneration& generation)
{
    std::vector<WatchedUpstream> all;
    for (const auto& route : generation.routes)
        if (const GatewayResources* gateway = gatewayResources(route))
            for (const auto& upstream : gateway->upstreams())
                all.push_back({upstream, gateway->settings().connectTimeout, gateway->settings().healthEvery});
    return all;
}

Result<std::shared_ptr<const PolicyGeneration>, std::string>
reloadListener(const std::shared_ptr<const PolicyGeneration>& previous, std::size_t listener, const Clock& clock)
{
    const LoadedListener served{previous->tls[listener], previous->certificates[listener]};
    auto loaded = loadListener(previous->policy->listeners[listener], &served, clock);
    if (!loaded)
        return Failure{loaded.error()};
    if (loaded->context == served.context)
        return previous;
    auto next = std::make_shared<PolicyGeneration>(*previous);
    next->tls[listener] = std::move(loaded->context);
    next->certificates[listener] = std::move(loaded->certificate);
    return std::shared_ptr<const PolicyGeneration>(std::move(next));
}

std::shared_ptr<const PolicyGeneration> withKeySet(const PolicyGeneration& previous, const Issuer& issuer,
                                                   const std::shared_ptr<const KeySet>& set)
{
    const auto& issuers = previous.policy->issuers;
    const auto same = std::ranges::find_if(issuers, [&](const Issuer& one) {
        return one.name == issuer.name && one.jwksFile == issuer.jwksFile && one.jwksUrl == issuer.jwksUrl &&
               one.jwksCa == issuer.jwksCa;
    });
    if (same == issuers.end() || !keySetProblem(*set, *same).empty())
        return nullptr;
    auto sets = previous.keys->sets();
    sets[static_cast<std::size_t>(same - issuers.begin())] = set;
    auto keys = IssuerKeys::make(*previous.policy, std::move(sets));
    if (!keys)
        return nullptr;
    auto next = std::make_shared<PolicyGeneration>(previous);
    next->keys = std::move(*keys);
    return next;
}

} // namespace gatehouse
