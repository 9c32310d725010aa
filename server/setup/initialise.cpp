// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/initialise.h"

#include "auth/base64url.h"
#include "auth/hmac.h"
#include "policy/origin.h"
#include "policy/text.h"
#include "setup/certificates.h"
#include "setup/newfile.h"

#include <algorithm>
#include <array>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <unistd.h>

namespace gatehouse {

namespace {

constexpr std::size_t tokenKeyBytes = 32;
constexpr std::size_t mostAddresses = 32; // of interfaces: a host of containers has hundreds
constexpr mode_t secretMode = 0600;
constexpr mode_t publicMode = 0644;

std::string machineName()
{
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0)
        return "localhost";
    return toLower(name.data());
}

bool isLinkLocal(const IpAddress& address)
{
    const auto& bytes = address.bytes();
    return address.isV4() ? bytes[12] == 169 && bytes[13] == 254 : bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

std::vector<IpAddress> interfaceAddresses()
{
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0)
        return {};
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owned(list, freeifaddrs);
    std::vector<IpAddress> addresses;
    for (const ifaddrs* each = list; each && addresses.size() < mostAddresses; each = each->ifa_next) {
        if (!each->ifa_addr || (each->ifa_flags & IFF_UP) == 0)
            continue;
        const IpAddress address = IpAddress::fromSockaddr(*each->ifa_addr);
        if (!address.isUnspecified() && !address.isLoopback() && !isLinkLocal(address))
            addresses.push_back(address);
    }
    return addresses;
}

template <class T> void addOnce(std::vector<T>& list, T value)
{
    if (std::find(list.begin(), list.end(), value) == list.end())
        list.push_back(std::move(value));
}

/// The first name that is neither a host name nor an address is the error.
Result<CertificateNames, std::string> certificateNames(const InitOptions& options, const std::string& host)
{
    CertificateNames names{{"localhost"}, {*IpAddress::parse("127.0.0.1"), *IpAddress::parse("::1")}};
    if (isHostName(host))
        addOnce(names.hosts, host);
    std::vector<std::string> given = options.names;
    given.insert(given.end(), options.policy.serverNames.begin(), options.policy.serverNames.end());
    for (const std::string& name : given) {
        if (const auto address = IpAddress::parse(name))
            addOnce(names.addresses, *address);
        else if (isHostName(name))
            addOnce(names.hosts, toLower(name));
        else
            return Failure{"\"" + name + "\" is neither a host name nor an address"};
    }
    if (const auto bound = IpAddress::parse(options.policy.address); bound && !bound->isUnspecified())
        addOnce(names.addresses, *bound);
    for (const IpAddress& address : interfaceAddresses())
        addOnce(names.addresses, address);
    return names;
}

struct NewFile {
    std::filesystem::path path;
    std::string bytes;
    mode_t mode;
};

Result<Done, std::string> writeAll(const InitialisedFolder& made, const std::vector<NewFile>& files)
{
    // The policy, which comes last, is what tells best that the folder is in use.
    for (auto file = files.rbegin(); file != files.rend(); ++file) {
        std::error_code error;
        if (std::filesystem::exists(std::filesystem::symlink_status(file->path, error)))
            return Failure{file->path.string() + " exists already; nothing was changed"};
    }
    for (const auto& folder : {made.caKey.parent_path(), made.tokenKey.parent_path(), made.stateDir, made.runDir})
        if (auto done = makePrivateFolder(folder); !done)
            return done;
    for (const NewFile& file : files)
        if (auto done = writeNewFile(file.path, file.bytes, file.mode); !done)
            return done;
    return Done{};
}

InitialisedFolder pathsIn(const std::filesystem::path& folder)
{
    InitialisedFolder made;
    made.policy = folder / "gatehouse.json";
    made.caCertificate = folder / "tls/ca.pem";
    made.caKey = folder / "tls/ca.key";
    made.serverCertificate = folder / "tls/server.pem";
    made.serverKey = folder / "tls/server.key";
    made.tokenKey = folder / "keys/token.key";
    made.stateDir = folder / "state";
    made.runDir = folder / "run";
    return made;
}

} // namespace

Result<InitialisedFolder, std::string> initialise(const std::filesystem::path& folder, const InitOptions& options)
{
    InitialisedFolder made = pathsIn(std::filesystem::absolute(folder).lexically_normal());
    const std::string host = options.hostName ? toLower(*options.hostName) : machineName();
    const auto names = certificateNames(options, host);
    if (!names)
        return Failure{names.error()};
    made.names = names->hosts;
    for (const IpAddress& address : names->addresses)
        made.names.push_back(address.toString());
    const WallTime now = options.now.value_or(SystemClock().wall());
    const auto ca = makeLocalCa(host, *names, now);
    if (!ca)
        return Failure{ca.error()};
    const auto server = makeServerCertificate(*ca, isHostName(host) ? host : "localhost", *names, now);
    if (!server)
        return Failure{server.error()};
    const auto secret = randomBytes(tokenKeyBytes);
    if (!secret)
        return Failure{std::string("the system's random generator failed")};
    const auto written = writeAll(made, {{made.caKey, ca->key, secretMode},
                                         {made.caCertificate, ca->certificate, publicMode},
                                         {made.serverKey, server->key, secretMode},
                                         {made.serverCertificate, server->certificate, publicMode},
                                         {made.tokenKey, base64urlEncoded(*secret) + "\n", secretMode},
                                         {made.policy, policyDefaults(options.policy), secretMode}});
    if (!written)
        return Failure{written.error()};
    return made;
}

} // namespace gatehouse
