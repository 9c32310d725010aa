// SPDX-License-Identifier: GPL-3.0-or-later
#include "setup/renewal.h"

#include "policy/privatefile.h"
#include "setup/certificatefacts.h"
#include "setup/newfile.h"
#include "setup/opensslvalues.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <sys/file.h>
#include <unistd.h>

namespace gatehouse {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t largestFile = 1U << 20; // bytes
constexpr auto leastGain = std::chrono::days(1);

fs::path readyBeside(const fs::path& file)
{
    fs::path ready = file;
    ready += ".gatehouse-new";
    return ready;
}

/// Held while the pair in a folder changes: two servers may share it. Not waited for.
class FolderLock {
public:
    explicit FolderLock(const fs::path& folder)
        : m_fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        , m_held(m_fd >= 0 && flock(m_fd, LOCK_EX | LOCK_NB) == 0)
    {
    }
    ~FolderLock()
    {
        if (m_fd >= 0)
            close(m_fd);
    }
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;
    explicit operator bool() const { return m_held; }

private:
    int m_fd;
    bool m_held;
};

bool belongsTo(const std::string& certificate, const std::string& key)
{
    const Owned<X509> x509 = readCertificate(certificate);
    const Owned<EVP_PKEY> privateKey = readKey(key);
    const bool fits = x509 && privateKey && X509_check_private_key(x509.get(), privateKey.get()) == 1;
    ERR_clear_error();
    return fits;
}

bool signedBy(X509* certificate, X509* ca)
{
    const bool good =
        X509_check_issued(ca, certificate) == X509_V_OK && X509_verify(certificate, X509_get0_pubkey(ca)) == 1;
    ERR_clear_error();
    return good;
}

std::string readOrEmpty(const fs::path& file)
{
    auto bytes = readWholeFile(file, largestFile);
    return bytes ? std::move(bytes).value() : std::string();
}

/// What is wrong with a CA's key; empty: nothing.
std::string caKeyProblem(const fs::path& file, const CertificateAndKey& ca)
{
    if (const auto problem = checkPrivateFile(file))
        return problem->detail;
    return belongsTo(ca.certificate, ca.key) ? "" : file.string() + " is not the key of the CA beside it";
}

void finish(const fs::path& certificate, const fs::path& key)
{
    std::error_code error;
    const fs::path ready = readyBeside(certificate);
    if (belongsTo(readOrEmpty(ready), readOrEmpty(key))) {
        (void)moveInto(ready, certificate); // where that fails it stays, for the next try: nothing else fits the key
        return;
    }
    fs::remove(readyBeside(key), error);
    fs::remove(ready, error);
}

} // namespace

RenewalPlan planRenewal(const fs::path& certificate, const std::string& pem, WallTime now)
{
    RenewalPlan plan;
    const fs::path caFile = certificate.parent_path() / "ca.pem";
    const fs::path keyFile = certificate.parent_path() / "ca.key";
    const auto facts = certificateFacts(pem);
    if (!facts) {
        plan.obstacle = certificate.string() + ": " + facts.error();
        return plan;
    }
    plan.due = facts->notAfter - (facts->notAfter - facts->notBefore) / 3;
    plan.ca.certificate = readOrEmpty(caFile);
    const Owned<X509> ca = readCertificate(plan.ca.certificate);
    const Owned<X509> own = readCertificate(pem);
    if (!ca || !own || X509_check_ca(ca.get()) != 1 || !signedBy(own.get(), ca.get())) {
        plan.obstacle = "it is not of a local CA: no ca.pem that signed it lies beside it";
        return plan;
    }
    const WallTime caEnd = wallTime(X509_get0_notAfter(ca.get())).value_or(WallTime{});
    plan.caExpires = caEnd;
    plan.gains = std::min(std::max(now, plan.due) + serverLife, caEnd) >= facts->notAfter + leastGain;
    std::error_code error;
    if (!fs::exists(keyFile, error)) {
        plan.obstacle = "the key of its CA, " + keyFile.string() + ", is not there";
        return plan;
    }
    plan.ca.key = readOrEmpty(keyFile);
    plan.obstacle = caKeyProblem(keyFile, plan.ca);
    plan.broken = !plan.obstacle.empty();
    if (plan.obstacle.empty() && caEnd <= now)
        plan.obstacle = "its CA has ended";
    return plan;
}

Result<Done, std::string> renewFiles(const fs::path& certificate, const fs::path& key, const CertificateAndKey& ca,
                                     WallTime now)
{
    // Where a link leads to the file, the file is replaced and the link stays.
    std::error_code error;
    const fs::path certificateFile = fs::canonical(certificate, error);
    const fs::path keyFile = error ? fs::path() : fs::canonical(key, error);
    if (error)
        return Failure{certificate.string() + ": " + error.message()};
    if (certificateFile == keyFile)
        return Failure{certificate.string() + " holds both certificate and key: replace it by hand"};
    const FolderLock lock(certificateFile.parent_path());
    if (!lock)
        return Failure{certificateFile.parent_path().string() + ": another process is renewing a certificate here"};
    const auto old = readWholeFile(certificateFile, largestFile);
    if (!old)
        return Failure{old.error()};
    const auto made = renewServerCertificate(ca, *old, now);
    if (!made)
        return Failure{made.error()};
    const fs::path readyCertificate = readyBeside(certificateFile);
    const fs::path readyKey = readyBeside(keyFile);
    auto done = writeLike(certificateFile, readyCertificate, made->certificate);
    if (done)
        done = writeLike(keyFile, readyKey, made->key);
    if (done)
        done = moveInto(readyKey, keyFile);
    if (done)
        done = moveInto(readyCertificate, certificateFile);
    if (!done)
        finish(certificateFile, keyFile);
    return done;
}

void finishRenewal(const fs::path& certificate, const fs::path& key)
{
    std::error_code error;
    const fs::path certificateFile = fs::canonical(certificate, error);
    const fs::path keyFile = error ? fs::path() : fs::canonical(key, error);
    if (error || certificateFile == keyFile)
        return;
    if (const FolderLock lock(certificateFile.parent_path()); lock)
        finish(certificateFile, keyFile);
}

} // namespace gatehouse
